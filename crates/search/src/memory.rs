//! Memory that this process and its children may take, and whether they were killed
//! for taking more.
//!
//! The limits of control groups count as well as the machine's memory: version 2
//! (`memory.max`) and version 1 (`memory.limit_in_bytes`), each of the process's own
//! group and of all groups above it, as far as they can be seen from here.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// Above this a limit of version 1 stands for none.
const NO_LIMIT: u64 = 1 << 60;

/// Bytes of memory that are free for this process; `None` where the system does not
/// say.
pub fn available_memory() -> Option<u64> {
    available_within(Path::new("/"))
}

/// Processes of this control group, or of the machine where groups are not counted,
/// that were killed because memory ran out; `None` where the system does not say.
pub(crate) fn oom_kills() -> Option<u64> {
    oom_kills_within(Path::new("/"))
}

fn available_within(root: &Path) -> Option<u64> {
    let of_machine = entry(&root.join("proc/meminfo"), "MemAvailable:").map(|kib| kib << 10);
    let of_groups = groups(root).iter().filter_map(Group::free).min();
    of_machine.into_iter().chain(of_groups).min()
}

fn oom_kills_within(root: &Path) -> Option<u64> {
    // The process's own group comes first.
    let of_group = groups(root).iter().find_map(Group::oom_kills);
    of_group.or_else(|| entry(&root.join("proc/vmstat"), "oom_kill"))
}

/// A folder of a control group with its memory files.
struct Group {
    dir: PathBuf,
    version: Version,
}

#[derive(Clone, Copy, PartialEq)]
enum Version {
    One,
    Two,
}

impl Group {
    /// Bytes below the limit, counting what can be reclaimed; `None` without a limit.
    fn free(&self) -> Option<u64> {
        let (limit, usage, reclaimable) = match self.version {
            Version::One => (
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                "total_inactive_file",
            ),
            Version::Two => ("memory.max", "memory.current", "inactive_file"),
        };
        // `max` is no number.
        let limit = self.number(limit).filter(|limit| *limit < NO_LIMIT)?;
        let reclaimable = entry(&self.dir.join("memory.stat"), reclaimable).unwrap_or(0);
        let used = self.number(usage).unwrap_or(0);
        Some(limit.saturating_sub(used.saturating_sub(reclaimable)))
    }

    fn oom_kills(&self) -> Option<u64> {
        let file = match self.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        };
        entry(&self.dir.join(file), "oom_kill")
    }

    fn number(&self, file: &str) -> Option<u64> {
        let text = read_to_string(self.dir.join(file)).ok()?;
        text.trim().parse().ok()
    }
}

/// The number behind `name` at the beginning of a line.
fn entry(path: &Path, name: &str) -> Option<u64> {
    let text = read_to_string(path).ok()?;
    let mut lines = text.lines().map(str::split_ascii_whitespace);
    lines.find_map(|mut words| (words.next()? == name).then(|| words.next()?.parse().ok())?)
}

/// The control groups of this process that count memory, the innermost first.
fn groups(root: &Path) -> Vec<Group> {
    let read = |path: &str| read_to_string(root.join(path)).unwrap_or_default();
    let (mounts, own) = (read("proc/self/mountinfo"), read("proc/self/cgroup"));
    let mut found = Vec::new();
    for mount in mounts.lines().filter_map(Mount::parse) {
        let paths = own.lines().filter_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            Some((parts.next()?, parts.next()?))
        });
        let mut paths = paths.filter(|(controllers, _)| match mount.version {
            Version::One => controllers.split(',').any(|one| one == "memory"),
            Version::Two => controllers.is_empty(),
        });
        let Some((_, path)) = paths.next() else {
            continue;
        };
        let top = root.join(mount.at.trim_start_matches('/'));
        // In a container, the path may be that of the host and the mount the group
        // itself.
        let within = Path::new(path)
            .strip_prefix(mount.of)
            .unwrap_or(Path::new(""));
        let mut dir = top.join(within.strip_prefix("/").unwrap_or(within));
        if !dir.is_dir() {
            dir.clone_from(&top);
        }
        let dirs = dir.ancestors().take_while(|dir| dir.starts_with(&top));
        found.extend(dirs.map(|dir| Group {
            dir: dir.to_owned(),
            version: mount.version,
        }));
    }
    found
}

/// A mounted hierarchy of control groups that count memory.
struct Mount<'a> {
    /// The group that is mounted.
    of: &'a str,
    /// Where.
    at: &'a str,
    version: Version,
}

impl<'a> Mount<'a> {
    /// A line of `mountinfo`; `None` for other file systems.
    fn parse(line: &'a str) -> Option<Self> {
        let (mount, kind) = line.split_once(" - ")?;
        let mut words = mount.split(' ').skip(3);
        let (of, at) = (words.next()?, words.next()?);
        let mut words = kind.split(' ');
        let version = match (words.next()?, words.nth(1)?) {
            ("cgroup2", _) => Version::Two,
            ("cgroup", options) if options.split(',').any(|one| one == "memory") => Version::One,
            _ => return None,
        };
        Some(Self { of, at, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Machine(tempfile::TempDir);

    impl Machine {
        /// With 8 GiB available.
        fn new(mount: &str, own: &str) -> Self {
            let machine = Self(tempfile::tempdir().unwrap());
            machine.write(
                "proc/meminfo",
                "MemTotal: 9000000 kB\nMemAvailable: 8388608 kB\n",
            );
            machine.write("proc/vmstat", "pgfault 1\noom_kill 7\n");
            machine.write("proc/self/mountinfo", mount);
            machine.write("proc/self/cgroup", own);
            machine
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }

        fn available(&self) -> Option<u64> {
            available_within(self.0.path())
        }

        fn kills(&self) -> Option<u64> {
            oom_kills_within(self.0.path())
        }
    }

    const TWO: &str = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
    const ONE: &str = "40 30 0:35 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

    #[test]
    fn the_lowest_limit_of_the_groups_above_counts_in_version_2() {
        let machine = Machine::new(TWO, "0::/slice/job/task\n");
        machine.write("sys/fs/cgroup/slice/job/task/memory.max", "max\n");
        assert_eq!(machine.available(), Some(8 << 30));
        machine.write("sys/fs/cgroup/slice/memory.max", "3000000000\n");
        assert_eq!(machine.available(), Some(3_000_000_000));
        // What is used counts, but for what can be reclaimed.
        machine.write("sys/fs/cgroup/slice/memory.current", "1000000000\n");
        machine.write(
            "sys/fs/cgroup/slice/memory.stat",
            "anon 5\ninactive_file 400000000\n",
        );
        assert_eq!(machine.available(), Some(2_400_000_000));
    }

    #[test]
    fn a_limit_of_version_1_counts_and_its_largest_number_is_none() {
        let machine = Machine::new(ONE, "9:name=systemd:/\n4:memory:/job\n0::/\n");
        let limit = "sys/fs/cgroup/memory/job/memory.limit_in_bytes";
        machine.write(limit, "9223372036854771712\n");
        assert_eq!(machine.available(), Some(8 << 30));
        machine.write(limit, "3000000000\n");
        assert_eq!(machine.available(), Some(3_000_000_000));
    }

    #[test]
    fn in_a_container_the_mounted_group_is_its_own() {
        let mount = ONE.replace(" / /sys", " /docker/abc /sys");
        let machine = Machine::new(&mount, "4:memory:/docker/abc\n");
        let limit = "sys/fs/cgroup/memory/memory.limit_in_bytes";
        machine.write(limit, "2000000000\n");
        assert_eq!(machine.available(), Some(2_000_000_000));
        // The host's path, which can't be seen from within.
        let machine = Machine::new(ONE, "4:memory:/docker/abc\n");
        machine.write(limit, "1000000000\n");
        assert_eq!(machine.available(), Some(1_000_000_000));
    }

    #[test]
    fn kills_are_counted_by_the_group_or_else_by_the_machine() {
        let machine = Machine::new(TWO, "0::/job\n");
        assert_eq!(machine.kills(), Some(7));
        machine.write(
            "sys/fs/cgroup/job/memory.events",
            "low 0\noom 3\noom_kill 2\n",
        );
        assert_eq!(machine.kills(), Some(2));
    }

    #[test]
    fn without_control_groups_the_machines_memory_counts() {
        assert_eq!(Machine::new("", "").available(), Some(8 << 30));
    }
}
