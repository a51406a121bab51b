//! Rebuilds when the pages that are compiled in were built anew.

use std::path::Path;

const DISTS: &[&str] = &["dashboard", "sdk", "shop"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let web = Path::new("../../web");
    for name in DISTS {
        let package = web.join(name);
        let dist = package.join("dist");
        // A path that does not exist would count as changed every time, so
        // before the first build the package itself is watched.
        let watched = if dist.exists() { dist } else { package };
        if watched.exists() {
            println!("cargo:rerun-if-changed={}", watched.display());
        }
    }
}
