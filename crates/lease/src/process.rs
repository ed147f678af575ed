//! Which process holds a claim, and whether it is dead.

use std::fs;
use std::io::{self, ErrorKind};

use serde::{Deserialize, Serialize};

/// Names one process among all that ever ran on any machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The machine's host name.
    pub host: String,
    /// Linux's id of the machine's current boot. Empty where there is none:
    /// then nobody can tell that the process is dead.
    pub boot_id: String,
    /// Linux's name of the namespace that `pid` counts in. Containers on one
    /// machine share a boot and sometimes a host name, but not this.
    pub pid_namespace: String,
    /// The process's number.
    pub pid: u32,
    /// When it started, in clock ticks since the boot. It tells the process
    /// from a later one with the same number.
    pub start_time: u64,
}

impl Process {
    /// The process that asks.
    pub(crate) fn current() -> Self {
        let line = |path| fs::read_to_string(path).map(|text| text.trim().to_owned());
        let namespace =
            fs::read_link("/proc/self/ns/pid").map(|link| link.to_string_lossy().into_owned());
        let pid = std::process::id();
        let stat = Stat::read(pid).ok().flatten();
        Self {
            host: line("/proc/sys/kernel/hostname").unwrap_or_default(),
            boot_id: line("/proc/sys/kernel/random/boot_id").unwrap_or_default(),
            pid_namespace: namespace.unwrap_or_default(),
            pid,
            start_time: stat.map_or(0, |stat| stat.start_time),
        }
    }

    /// Within which `pid` and `start_time` are unique.
    fn place(&self) -> [&str; 3] {
        [&self.host, &self.boot_id, &self.pid_namespace]
    }

    /// Whether it is certain that this process is dead, as far as the process
    /// `here` can tell: only from the same host, boot and namespace.
    pub(crate) fn is_dead(&self, here: &Self) -> bool {
        let is_known = !here.boot_id.is_empty() && !here.pid_namespace.is_empty();
        if !is_known || self.place() != here.place() {
            return false;
        }
        match Stat::read(self.pid) {
            Ok(Some(stat)) => stat.start_time != self.start_time || stat.is_dead(),
            Ok(None) => false,
            // Where /proc hides other users' processes (mount option hidepid),
            // it hides the first one too.
            Err(error) => error.kind() == ErrorKind::NotFound && fs::metadata("/proc/1").is_ok(),
        }
    }
}

/// What `/proc/<pid>/stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    start_time: u64,
}

impl Stat {
    /// `None` when the file is not as expected.
    fn read(pid: u32) -> io::Result<Option<Self>> {
        let bytes = fs::read(format!("/proc/{pid}/stat"))?;
        Ok(Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// The state is field 3, the start time field 22; field 2 is the program's
    /// name in brackets, which may itself hold spaces and brackets.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let start_time = fields.nth(22 - 4)?.parse().ok()?;
        Some(Self { state, start_time })
    }

    /// Whether it ended and only waits for its parent to take notice.
    fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_read_behind_a_name_with_spaces_and_brackets() {
        let text = "7 (a) R (b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 98765 0 0\n";
        let expected = Stat {
            state: 'S',
            start_time: 98765,
        };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("7 (a) S 1 7"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn this_process_is_not_dead() {
        let here = Process::current();
        assert!(here.start_time > 0, "{here:?}");
        assert!(!here.is_dead(&here));
    }

    #[test]
    fn a_process_whose_number_was_given_to_another_is_dead() {
        let here = Process::current();
        let mut earlier = here.clone();
        earlier.start_time -= 1;
        assert!(earlier.is_dead(&here));
    }

    #[test]
    fn nothing_is_known_of_a_process_elsewhere() {
        let here = Process::current();
        let mut gone = here.clone();
        // Linux gives out no number above 2^22.
        gone.pid = u32::MAX;
        assert!(gone.is_dead(&here));
        let change: [fn(&mut Process); 3] = [
            |process| process.host.push('x'),
            |process| process.boot_id.push('x'),
            |process| process.pid_namespace.push('x'),
        ];
        for change in change {
            let mut elsewhere = gone.clone();
            change(&mut elsewhere);
            assert!(!elsewhere.is_dead(&here), "{elsewhere:?}");
        }
    }

    #[test]
    fn nothing_is_known_where_the_boot_has_no_id() {
        let mut here = Process::current();
        here.boot_id.clear();
        let mut gone = here.clone();
        gone.pid = u32::MAX;
        assert!(!gone.is_dead(&here));
    }
}
