//! A real Kafka for the tests: a Java to run it, and the broker's jars, which Maven copies at the
//! versions that `kafka-pom.xml` names.
//!
//! They are copied under another name and renamed when whole.

use std::fs;
use std::path::{Path, PathBuf};

use crate::place;
use crate::run::{Done, Failure, program, quietly, tell};
use crate::tools;

const VERSION: &str = "4.1.1";

/// What Maven is to copy.
const POM: &str = include_str!("../kafka-pom.xml");

/// The oldest Java that the broker runs on.
const JAVA_MAJOR_MIN: u32 = 17;

const JAVA_REMEDY: &str = "The tests start a Kafka broker, which needs Java 17 or newer. Install \
    one (Debian: `apt-get install default-jre-headless`; macOS: `brew install openjdk`), or set \
    JAVA_HOME to its folder, and start again.";

const MAVEN_REMEDY: &str = "The tests' Kafka broker is fetched by Maven. Install it (Debian: \
    `apt-get install maven`; macOS: `brew install maven`) and start again.";

/// The folder of the broker's jars.
pub(crate) fn jars(cache: &Path) -> PathBuf {
    cache.join("kafka").join(VERSION).join("libs")
}

/// Finds a Java that is new enough, or installs one where that needs no question.
pub(crate) fn provide_java() -> Result<Done, Failure> {
    if let Some(java) = java() {
        return Ok(Done::Present(checked(&java)?));
    }
    if place::on_path(&["apt-get"]).is_some() {
        tell("java", "installing Debian's package");
    }
    tools::install_debian(&["default-jre-headless"])
        .unwrap_or_else(|| Err(Failure::new(JAVA_REMEDY)))?;
    let java = java().ok_or_else(|| Failure::new(JAVA_REMEDY))?;
    Ok(Done::Made(checked(&java)?))
}

/// Makes sure that `<cache>/kafka/<version>/libs` is there and whole.
pub(crate) fn fetch(cache: &Path) -> Result<Done, Failure> {
    let folder = cache.join("kafka").join(VERSION);
    // The list came with the jars, so another one means other jars.
    let listed = fs::read_to_string(folder.join("pom.xml"));
    if listed.is_ok_and(|pom| pom == POM) {
        return Ok(Done::Present(format!("Apache Kafka {VERSION}")));
    }
    if place::on_path(&["mvn"]).is_none() {
        tell("kafka", "installing Debian's package of Maven");
        tools::install_debian(&["maven"]).unwrap_or_else(|| Err(Failure::new(MAVEN_REMEDY)))?;
    }

    tell("kafka", "fetching about 54 MB, once");
    // One set-up at a time works on the cache, so what lies here was left by one that was cut off.
    let partial = cache.join("kafka").join(format!(".{VERSION}.partial"));
    let _ = fs::remove_dir_all(&partial);
    let fetched = copy_jars(&partial).and_then(|()| {
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Failure::doing(format!(
                "removing the other {}",
                folder.display()
            )))?;
        }
        fs::rename(&partial, &folder).map_err(Failure::doing(format!(
            "moving Kafka to {}",
            folder.display()
        )))
    });
    // What cannot be removed now is removed by the next attempt.
    let _ = fs::remove_dir_all(&partial);
    fetched?;
    Ok(Done::Made(format!("Apache Kafka {VERSION}")))
}

fn copy_jars(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(Failure::doing(format!("creating {}", folder.display())))?;
    fs::write(folder.join("pom.xml"), POM)
        .map_err(Failure::doing(format!("writing into {}", folder.display())))?;
    let mut copy = program(
        "mvn",
        &[
            "--quiet",
            "--batch-mode",
            "dependency:copy-dependencies",
            "-DoutputDirectory=libs",
            "-DincludeScope=runtime",
        ],
    );
    quietly(
        copy.current_dir(folder),
        "Check Maven's network settings (its settings.xml) and start again.",
    )
    .map(|_| ())
}

/// The Java that the tests use: that of `$JAVA_HOME`, else one on the path.
fn java() -> Option<PathBuf> {
    std::env::var_os("JAVA_HOME")
        .map(|home| PathBuf::from(home).join("bin/java"))
        .filter(|java| java.is_file())
        .or_else(|| place::on_path(&["java"]))
}

/// What that Java says it is, if it is new enough.
fn checked(java: &Path) -> Result<String, Failure> {
    // A Java that does not know this option is from before 9; macOS has one that only points on.
    let said = quietly(&mut program(java, &["--version"]), JAVA_REMEDY)?;
    let version = said.lines().next().unwrap_or_default();
    if major(version).is_none_or(|major| major < JAVA_MAJOR_MIN) {
        return Err(Failure::new(format!(
            "{version} is too old.\n{JAVA_REMEDY}"
        )));
    }
    Ok(version.to_owned())
}

/// `openjdk 17.0.15 2025-04-15` is 17.
fn major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(1)?;
    let major = number.split(|c: char| !c.is_ascii_digit()).next()?;
    major.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_tells_its_major_number_in_several_ways() {
        assert_eq!(major("openjdk 17.0.15 2025-04-15"), Some(17));
        assert_eq!(major("openjdk 25 2025-09-16"), Some(25));
        assert_eq!(major("java 21-ea 2023-09-19"), Some(21));
        assert_eq!(major("something else"), None);
    }

    #[test]
    fn the_folder_is_named_after_the_version_that_is_fetched() {
        let version = format!("<version>{VERSION}</version>");
        assert_eq!(POM.matches(&version).count(), 2, "broker and tools");
    }
}
