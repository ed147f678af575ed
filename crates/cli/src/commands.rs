//! What each command does: read arguments, call the libraries, print.

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;

use crate::args::{
    Args, BenchArgs, BenchCommand, Command, CompletionsArgs, DataCommand, ModelsCommand,
    WeightsCommand,
};

mod bench;
mod config;
mod data;
mod engine;
mod eval;
mod export;
mod failures;
mod launch;
mod models;
mod predict;
mod predictor;
mod refusals;
mod report;
mod search;
mod study;
mod train;
mod weights;
mod worker;

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Data(DataCommand::Synth(args)) => data::synth(&args),
        Command::Data(DataCommand::Split(args)) => data::split(&args),
        Command::Config(command) => config::run(&command),
        Command::Models(args) => match &args.command {
            Some(ModelsCommand::Verify(args)) => models::verify(args),
            None => models::list(args.json),
        },
        Command::Weights(WeightsCommand::List(args)) => weights::list(&args),
        Command::Weights(WeightsCommand::Fetch(args)) => weights::fetch(&args),
        Command::Weights(WeightsCommand::Check(args)) => weights::check(&args),
        Command::Weights(WeightsCommand::Import(args)) => weights::import(&args),
        Command::Train(args) => train::train(&args),
        Command::Search(args) => search::search(&args),
        Command::SearchWorker(args) => worker::work(&args),
        Command::Study(command) => study::run(&command),
        Command::Eval(args) => eval::eval(&args),
        Command::Report(args) => report::report(&args),
        Command::Export(args) => export::export(&args),
        Command::Predict(args) => predict::predict(&args),
        Command::Bench(BenchCommand::Train(args)) => bench::bench(&args, psp_bench::train),
        Command::Bench(BenchCommand::Infer(args)) => {
            let BenchArgs {
                device, precision, ..
            } = args.bench;
            if engine::is_cpu(args.engine, device, precision)? {
                bench::bench(&args.bench, psp_bench::infer_by_cpu_engine)
            } else {
                bench::bench(&args.bench, psp_bench::infer)
            }
        }
        Command::Completions(args) => {
            completions(&args);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Prints the completions of a shell.
fn completions(args: &CompletionsArgs) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "psp", &mut script);
    print!("{}", String::from_utf8_lossy(&script));
}
