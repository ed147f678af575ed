"""The same study with psp and with Optuna over PyTorch.

A frozen ResNet18 with ImageNet weights, 224 pixels; the head's width, learning
rate and weight decay vary; 20 epochs of AdamW, batch 16. Optuna runs it twice, as
people write it (the backbone runs in every epoch) and with features computed once.
Start-up and filling of caches count on both sides. See search_vs_optuna.sh.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

import photos

EPOCHS = 20
BATCH = 16

STUDY = """
[study]
trials = {trials}
finalists = 1
seeds = 1
[data]
dir = "{data}"
[model]
weights = "{weights}"
unfreeze = ["head"]
[train]
epochs = {epochs}
batch_size = {batch}
device = "{device}"
[space]
model.hidden = {{ int = [64, 512], step = 64 }}
train.learning_rate = {{ log = [1e-4, 1e-2], points = 9 }}
train.weight_decay = {{ log = [1e-5, 1e-1], points = 5 }}
"""


def worker(args):
    import optuna
    import torch
    import torchvision
    from safetensors.torch import load_file
    from torch.utils.data import DataLoader, TensorDataset

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    parts = photos.read(args.data)
    backbone = torchvision.models.resnet18()
    backbone.load_state_dict(load_file(args.weights), strict=False)
    backbone.fc = torch.nn.Identity()
    backbone.requires_grad_(False).eval()

    def loader(part, **options):
        return photos.loader(parts[part], 224, BATCH, args.loaders, **options)

    if args.worker == "cached":

        def features(part):
            with torch.inference_mode():
                rows = [(backbone(images), labels) for images, labels in loader(part)]
            inputs, labels = (torch.cat(column).clone() for column in zip(*rows))
            return TensorDataset(inputs, labels)

        train_set, valid_set = features("train"), features("valid")
        train = DataLoader(train_set, BATCH, shuffle=True, drop_last=True)
        valid = DataLoader(valid_set, BATCH)
        forward = lambda x: x
    else:
        train, valid = loader("train", shuffle=True, drop_last=True), loader("valid")

        def forward(images):
            with torch.no_grad():
                return backbone(images)

    def objective(trial):
        hidden = trial.suggest_int("hidden", 64, 512, step=64)
        rate = trial.suggest_float("rate", 1e-4, 1e-2, log=True)
        decay = trial.suggest_float("decay", 1e-5, 1e-1, log=True)
        head = torch.nn.Sequential(
            torch.nn.Linear(512, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 2)
        )
        optimizer = torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=decay)
        steps = EPOCHS * len(train)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        loss_of = torch.nn.MSELoss()
        best = float("inf")
        for _ in range(EPOCHS):
            for inputs, labels in train:
                loss = loss_of(head(forward(inputs)), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
            total = 0.0
            with torch.inference_mode():
                for inputs, labels in valid:
                    total += loss_of(head(forward(inputs)), labels).item() * len(labels)
            best = min(best, total / len(valid.dataset))
        return best

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=args.trials)
    print(f"best valid MSE {study.best_value:.5f}")


def timed(command, **options):
    begun = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"error: exit status {done.returncode} of {' '.join(command)}\n{done.stdout}")
    return time.perf_counter() - begun, done.stdout


def run_psp(args, trials):
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "study.toml")
        with open(config, "w") as file:
            text = STUDY.format(
                trials=trials,
                data=os.path.abspath(args.data),
                weights=os.path.abspath(args.weights),
                epochs=EPOCHS,
                batch=BATCH,
                device=args.device,
            )
            file.write(text)
        command = [args.psp, "search", "--config", config, "--study", os.path.join(folder, "study")]
        if args.workers:
            command += ["--workers", str(args.workers)]
        env = os.environ | {"PSP_CACHE_DIR": os.path.join(folder, "cache")}
        seconds, printed = timed(command, env=env)
        return seconds, printed.splitlines()[-3].strip()


def run_optuna(args, kind, trials):
    seconds, printed = timed(
        [sys.executable, __file__, "--worker", kind, "--data", args.data, "--weights",
         args.weights, "--trials", str(trials), "--threads", str(args.threads),
         "--loaders", str(args.loaders)]
    )  # fmt: skip
    return seconds, printed.splitlines()[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--psp", default="psp", help="the psp binary")
    parser.add_argument("--device", default="flex", help="psp's device")
    parser.add_argument("--workers", type=int, default=0, help="psp's workers; 0: its own choice")
    parser.add_argument("--data", required=True, help="folder with labels.csv, split.csv, imgs/")
    parser.add_argument("--weights", required=True, help="ResNet18's, .safetensors")
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--naive-trials", type=int, default=4, help="trials as people write them")
    parser.add_argument("--rounds", type=int, default=3, help="of psp and the cached study")
    parser.add_argument("--threads", type=int, default=2, help="PyTorch's threads")
    parser.add_argument("--loaders", type=int, default=2, help="worker processes of DataLoader")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return worker(args)
    ratios = []
    for number in range(args.rounds):
        ours, chosen = run_psp(args, args.trials)
        cached, best = run_optuna(args, "cached", args.trials)
        ratios.append(cached / ours)
        print(
            f"round {number + 1}: {args.trials} trials, psp {ours:.1f} s ({chosen}), "
            f"Optuna on cached features {cached:.1f} s ({best}): ratio {cached / ours:.2f}",
            flush=True,
        )
    if args.naive_trials:
        per_trial = ours / args.trials
        naive, best = run_optuna(args, "naive", args.naive_trials)
        naive /= args.naive_trials
        print(
            f"seconds per trial: psp {per_trial:.2f}, Optuna as written {naive:.1f} ({best}): "
            f"ratio {naive / per_trial:.0f}"
        )
    ratios.sort()
    print(f"median ratio to cached features {ratios[len(ratios) // 2]:.2f}")


if __name__ == "__main__":
    main()
