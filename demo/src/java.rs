//! The image of the Java services, built without a container engine: `javac`, a runtime of two modules by `jlink`, the
//! libraries that it is linked with, and nothing else. Cached by a key of the sources and of the JDK.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use evercert_harness::error::During;
use evercert_harness::oci::{Image, Layer, NONROOT};
use evercert_harness::{Error, Result, command, paths};
use openssl::sha::Sha256;

use crate::names::JAVA_IMAGE;

/// All that the services use of the JDK: sockets, TLS, and elliptic curves.
const MODULES: &str = "java.base,jdk.crypto.ec";
/// Small and quick to start: 32 MB heap, one collector thread, no second compiler.
const JVM: [&str; 4] = ["-Xmx32m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
/// The loader is not in the form `name => path` that `ldd` prints for libraries.
const LOADERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
/// Resolvers are opened by name at run time where libc does not contain them (glibc before 2.34).
const RESOLVERS: [&str; 2] = ["libnss_dns.so.2", "libnss_files.so.2"];

/// The archive `localhost/evercert-demo-java:1`, built first where it is missing.
pub fn archive() -> Result<PathBuf> {
    let source = paths::repository().join("demo/java");
    let cached = paths::e2e_cache()?.join(format!("demo-java-{}.tar", key(&source)?));
    if !cached.exists() {
        let work = cached.with_extension("work");
        remove(&work)?;
        let layer = layer(&source, &work)?;
        let partial = cached.with_extension("partial");
        image(layer).write(&partial)?;
        fs::rename(&partial, &cached).during(format_args!("rename {}", partial.display()))?;
        remove(&work)?;
    }
    Ok(cached)
}

fn remove(dir: &Path) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir).during(format_args!("remove {}", dir.display()))
    } else {
        Ok(())
    }
}

fn sources(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).during(format_args!("read {}", dir.display()))? {
        let path = entry.during(format_args!("read {}", dir.display()))?.path();
        files.extend(
            path.extension()
                .is_some_and(|extension| extension == "java")
                .then_some(path),
        );
    }
    files.sort();
    Ok(files)
}

fn key(source: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for file in sources(source)? {
        hash.update(&fs::read(&file).during(format_args!("read {}", file.display()))?);
    }
    let version = command::run(Command::new("javac").arg("-version")).map_err(needs_jdk)?;
    hash.update([version.as_str(), MODULES, &JVM.concat()].concat().as_bytes());
    let first = hash.finish().first_chunk().copied().unwrap_or_default();
    Ok(format!("{:016x}", u64::from_be_bytes(first)))
}

fn needs_jdk(error: Error) -> Error {
    match error {
        Error::Io { .. } => Error::Needs(
            "the demo's services need a JDK of version 17 or later (Debian: openjdk-17-jdk-headless)".into(),
        ),
        other => other,
    }
}

fn layer(source: &Path, work: &Path) -> Result<Layer> {
    let (classes, jar, runtime) = (work.join("classes"), work.join("service.jar"), work.join("java"));
    fs::create_dir_all(&classes).during(format_args!("make {}", classes.display()))?;
    command::run(
        Command::new("javac")
            .args(["--release", "17", "-d"])
            .arg(&classes)
            .args(sources(source)?),
    )
    .map_err(needs_jdk)?;
    let mut pack = Command::new("jar");
    pack.args(["--create", "--main-class", "Service", "--file"])
        .arg(&jar)
        .arg("-C")
        .arg(&classes)
        .arg(".");
    command::run(&mut pack)?;
    let mut link = Command::new("jlink");
    link.args([
        "--add-modules",
        MODULES,
        "--strip-java-debug-attributes",
        "--no-man-pages",
        "--no-header-files",
        "--compress=2",
    ]);
    command::run(link.arg("--output").arg(&runtime))?;
    // Class data ready to be mapped into memory: halves the time to the first request.
    command::run(Command::new(runtime.join("bin/java")).args(["-Xshare:dump", "-XX:+UseSerialGC"]))?;
    remove(&runtime.join("legal"))?;
    let layer = Layer::new()
        .dir("tmp", 0o1777)
        .dir("keystores", 0o755)
        .file("etc/passwd", 0o644, "service:x:65532:65532::/tmp:/nonexistent\n")
        .file("etc/nsswitch.conf", 0o644, "hosts: files dns\n")
        .host_file("app/service.jar", &jar)?
        .host_dir("java", &runtime)?;
    libraries(&runtime)?.iter().try_fold(layer, |layer, library| {
        layer.host_file(&library.to_string_lossy(), library)
    })
}

/// Every file of this machine that the runtime is linked with.
fn libraries(runtime: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut ldd = Command::new("ldd");
    ldd.arg(runtime.join("bin/java"));
    for folder in [runtime.join("lib"), runtime.join("lib/server")] {
        for entry in fs::read_dir(&folder).during(format_args!("read {}", folder.display()))? {
            let path = entry.during(format_args!("read {}", folder.display()))?.path();
            if path.extension().is_some_and(|extension| extension == "so") {
                ldd.arg(path);
            }
        }
    }
    let linked = linked(&command::run(&mut ldd)?, runtime);
    let libc = linked
        .iter()
        .find(|path| path.ends_with("libc.so.6"))
        .and_then(|path| path.parent())
        .map(Path::to_path_buf);
    let resolvers = RESOLVERS
        .iter()
        .filter_map(|name| libc.as_ref().map(|folder| folder.join(name)));
    let extra: Vec<PathBuf> = resolvers
        .chain(LOADERS.map(PathBuf::from))
        .filter(|path| path.exists())
        .collect();
    Ok(linked.into_iter().chain(extra).collect())
}

/// Paths in the output of `ldd`, those of the runtime itself left out.
fn linked(ldd: &str, runtime: &Path) -> BTreeSet<PathBuf> {
    let paths = ldd
        .lines()
        .filter_map(|line| line.split_once(" => ")?.1.split_whitespace().next());
    paths
        .map(PathBuf::from)
        .filter(|path| path.is_absolute() && !path.starts_with(runtime))
        .collect()
}

fn image(layer: Layer) -> Image {
    let entrypoint = ["/java/bin/java"]
        .iter()
        .chain(&JVM)
        .chain(&["-jar", "/app/service.jar"]);
    Image {
        name: JAVA_IMAGE.into(),
        entrypoint: entrypoint.map(ToString::to_string).collect(),
        user: NONROOT.into(),
        layers: vec![layer],
        ..Image::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_the_absolute_paths_outside_the_runtime() {
        let ldd = "/w/java/bin/java:\n\tlinux-vdso.so.1 (0x7ffc)\n\tlibz.so.1 => /lib/x/libz.so.1 (0x7f)\n\
            \tlibjli.so => /w/java/bin/../lib/libjli.so (0x7f)\n\tlibmissing.so => not found\n\
            \tlibc.so.6 => /lib/x/libc.so.6 (0x7f)\n\t/lib64/ld-linux-x86-64.so.2 (0x7f)\n";
        let expected = ["/lib/x/libc.so.6", "/lib/x/libz.so.1"].map(PathBuf::from);
        assert_eq!(linked(ldd, Path::new("/w/java")), BTreeSet::from(expected));
    }
}
