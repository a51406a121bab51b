//! Kafka's programs, run to their end or watched over.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The Kafka that `cargo xtask setup` fetches.
const VERSION: &str = "4.1.1";

/// How well Java compiles what it runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compiler {
    /// Soon and not well: programs that live for seconds gain nothing from more.
    #[default]
    Quick,
    /// As Java does by itself: for measurements.
    Full,
}

impl Compiler {
    fn options(self) -> &'static [&'static str] {
        match self {
            Compiler::Quick => &["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
            Compiler::Full => &[],
        }
    }
}

/// One of Kafka's programs, by its Java class, with options for Java before it.
///
/// # Panics
/// When the jars have not been fetched.
pub(crate) fn program(compiler: Compiler, options: &[&str], class: &str) -> Command {
    let mut class_path = jars().into_os_string();
    class_path.push("/*");
    let mut command = Command::new(java());
    command
        .args(options)
        .args(compiler.options())
        .args(["-Dorg.slf4j.simpleLogger.showDateTime=true"])
        .args(["-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"])
        .arg("-cp")
        .arg(class_path)
        .arg(class);
    command
}

/// Runs one of Kafka's own tools, by its Java class such as
/// `org.apache.kafka.tools.TopicCommand`, to its end: what it printed.
///
/// # Panics
/// When it fails, with what it printed, or when the jars have not been fetched.
#[track_caller]
pub fn run(class: &str, args: &[&str]) -> String {
    run_on(Compiler::Quick, class, args)
}

/// As [`run`], compiled so well.
///
/// # Panics
/// As [`run`].
#[track_caller]
pub fn run_on(compiler: Compiler, class: &str, args: &[&str]) -> String {
    let quiet = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"];
    let output = program(compiler, &quiet, class)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("Java was found and can be started");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{class} {} failed ({}): {printed}{}",
        args.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    printed.into_owned()
}

/// The folder of the jars: `$FURROW_KAFKA`, else where the set-up puts them.
fn jars() -> PathBuf {
    let folder = set("FURROW_KAFKA").unwrap_or_else(|| {
        set("FURROW_CACHE")
            .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("furrow")))
            .or_else(|| set("HOME").map(|dir| dir.join(".cache/furrow")))
            .expect("no place for the cache: set HOME or FURROW_CACHE")
            .join("kafka")
            .join(VERSION)
            .join("libs")
    });
    assert!(
        folder.is_dir(),
        "{} is missing: run `cargo xtask setup`, which fetches Kafka",
        folder.display()
    );
    folder
}

/// That of `$JAVA_HOME`, else the one on the path.
fn java() -> PathBuf {
    set("JAVA_HOME")
        .map(|home| home.join("bin/java"))
        .filter(|java| java.is_file())
        .unwrap_or_else(|| "java".into())
}

fn set(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
