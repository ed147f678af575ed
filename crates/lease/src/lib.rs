//! Claims on work in a shared folder.
//!
//! Any number of processes, on any number of machines that share a folder, work
//! on one list of jobs and no two of them on the same job. There is no server,
//! no lock and no database, and the machines' clocks need not agree, so an NFS
//! mount will do (but not with `nocto`, which lets a client answer from its
//! cache).
//!
//! A job is a folder. In it stand:
//!
//! ```text
//! claim.1     the first claim: who made it, as JSON
//! release.1   empty: the holder gave it back
//! claim.2     the second claim
//! ```
//!
//! - A claim is made by creating its file exclusively, so one of all who try
//!   succeeds. Its number is a fencing token (Kleppmann, *How to do distributed
//!   locking*, 2016): whoever made the highest claim holds the job. Claims are
//!   never removed. A claim with no or half its content holds as well.
//! - The holder changes its file's modification time four times per lease
//!   (Gray and Cheriton, *Leases*, 1989), and then lists the folder, in which
//!   therefore not many files should lie; subfolders may be large.
//! - The next claim may be made when the last one was released, when its holder
//!   is a dead process of the observer's own machine, or when the observer saw
//!   no change of its modification time for the duration of the lease, by the
//!   observer's own monotonic clock.
//!
//! A holder that was stopped for longer than the lease finds a higher claim, by
//! [`Lease::is_lost`] within one heartbeat and by [`Lease::holds`] at once. Ask
//! `holds` before each write that others will read. Its answer is that of the
//! moment at which it read the folder: a process that is paused for about the
//! lease right before or after it may still write late. Where that matters,
//! write under a name with the [token](Lease::token) in it.
//!
//! A worker goes through the list like this: [`frontier`] finds where the
//! claimed jobs end, [`Claims::try_first`] claims fresh ones from there on, and
//! [`Claims::try_claim`] later takes what crashed workers left. A released job
//! can be claimed again, so after each claim look whether the job is done.
//!
//! Nothing here prints, exits or reads the environment. Unix only.

mod claims;
mod error;
mod folder;
mod frontier;
mod heart;
mod lease;
mod process;
mod pulse;
mod record;
mod watcher;

pub use claims::{Attempt, Claims, Settings};
pub use error::LeaseError;
pub use frontier::frontier;
pub use lease::Lease;
pub use process::Process;
pub use record::{ClaimRecord, Holder, history};
