//! What runs inside the engine's own process.
#![allow(unsafe_code)]

use rustix::process::{Signal, getpid, kill_process};
use std::error::Error;
use std::ffi::{CString, OsStr, c_char, c_int, c_void};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Starts the listeners and then stays: the engine lives as long as its query.
const QUERY: &str = "SYSTEM START LISTEN HTTP; \
    SELECT sleepEachRow(0.5) FROM system.numbers \
    SETTINGS max_block_size = 1, max_execution_time = 0 FORMAT Null";

/// Runs the engine in this process until it is told to end (SIGTERM) or the
/// standard input closes, then ends the process. Call it from the main thread,
/// before any other is started.
pub fn child_main(library: &Path, data: &Path, config: &Path) -> ! {
    std::thread::Builder::new()
        .name("parent-watch".into())
        .spawn(end_with_parent)
        .expect("a new process has room for a second thread");
    match run(library, data, config) {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            tell(&error);
            std::process::exit(1)
        }
    }
}

/// The parent holds the other end of the standard input and never writes, so a
/// read returns when the parent is gone.
fn end_with_parent() {
    let mut byte = [0];
    while std::io::stdin().read(&mut byte).is_ok_and(|n| n > 0) {}
    // Nothing is lost: inserts are on disk before they are confirmed. Leaving
    // through exit would run the library's destructors under its threads.
    let _ = kill_process(getpid(), Signal::KILL);
}

#[allow(clippy::print_stderr)] // The parent collects it in the engine's log.
fn tell(error: &str) {
    eprintln!("{error}");
}

/// What `query_stable_v2` answers. Only `error` is read.
#[repr(C)]
struct LocalResult {
    buffer: *mut c_char,
    length: usize,
    vector: *mut c_void,
    elapsed: f64,
    rows: u64,
    bytes: u64,
    error: *mut c_char,
}

type Query = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut LocalResult;

fn run(library: &Path, data: &Path, config: &Path) -> Result<(), String> {
    let mut arguments = [
        c_string("clickhouse", OsStr::new(""))?,
        c_string("--path=", data.as_os_str())?,
        c_string("--config-file=", config.as_os_str())?,
        // The level in the configuration is not heeded.
        c_string("--log-level=", OsStr::new("warning"))?,
        c_string("--query=", OsStr::new(QUERY))?,
    ]
    .map(CString::into_raw);
    let count = c_int::try_from(arguments.len()).expect("there are five arguments");

    // SAFETY: loading runs the library's initialisers. It is the engine that
    // set-up fetched and checked, made to be loaded into a process; this one
    // has nothing else to do, and no thread of it but one that reads stdin.
    let library = unsafe { libloading::Library::new(library) }.map_err(|e| whole(&e))?;
    // SAFETY: the library exports this function with this C signature; its
    // header declares it so.
    let query = unsafe { library.get::<Query>(b"query_stable_v2\0") }.map_err(|e| whole(&e))?;
    // SAFETY: `arguments` are `count` C strings that nobody frees, so they stay
    // valid and writable whatever the engine keeps of them.
    let result = unsafe { query(count, arguments.as_mut_ptr()) };
    // The engine's threads may still run its code: it is never unloaded.
    let _stays = std::mem::ManuallyDrop::new(library);

    if result.is_null() {
        return Ok(());
    }
    // SAFETY: a result that is not null points to a struct of this shape, made
    // by the call above, which nobody has freed.
    let error = unsafe { (*result).error };
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: an error that is not null is a C string that belongs to the
    // result, which nobody has freed.
    let error = unsafe { std::ffi::CStr::from_ptr(error) };
    Err(error.to_string_lossy().into_owned())
}

/// An error with its causes.
fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

fn c_string(name: &str, value: &OsStr) -> Result<CString, String> {
    let bytes = [name.as_bytes(), value.as_bytes()].concat();
    CString::new(bytes).map_err(|_| format!("{name}{} contains a zero byte", value.display()))
}
