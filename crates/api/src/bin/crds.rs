//! Writes the CRDs as templates of the chart, or checks that they are up to date.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use evercert_api::crd;

const USAGE: &str = "usage: evercert-crds [--check] DIRECTORY   write (or compare) one chart template for each CRD
       evercert-crds --plain               print the CRDs as plain YAML, for kubectl apply -f -";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["--plain"] => {
            print_plain();
            Ok(true)
        }
        ["--check", directory] => Ok(check(Path::new(directory))),
        [directory] if !directory.starts_with('-') => write(Path::new(directory)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("evercert-crds: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_plain() {
    for crd in crd::all() {
        print!("---\n{}", crd::yaml::to_string(&crd));
    }
}

/// Path and text of each file.
fn files(directory: &Path) -> Vec<(PathBuf, String)> {
    crd::all()
        .iter()
        .map(|crd| (directory.join(crd::chart::file_name(crd)), crd::chart::template(crd)))
        .collect()
}

fn write(directory: &Path) -> io::Result<bool> {
    fs::create_dir_all(directory)?;
    for (path, text) in files(directory) {
        fs::write(&path, text)?;
        println!("wrote {}", path.display());
    }
    Ok(true)
}

/// Whether every file is as it would be written; says what differs.
fn check(directory: &Path) -> bool {
    let mut up_to_date = true;
    for (path, text) in files(directory) {
        let present = fs::read_to_string(&path).unwrap_or_default();
        if present != text {
            up_to_date = false;
            eprintln!("{} is out of date; run `make generate`", path.display());
            print_first_difference(&present, &text);
        }
    }
    up_to_date
}

fn print_first_difference(present: &str, wanted: &str) {
    let lines = present
        .lines()
        .map(Some)
        .chain(std::iter::repeat(None))
        .zip(wanted.lines().map(Some).chain(std::iter::once(None)));
    if let Some((number, (old, new))) = lines.enumerate().find(|(_, (old, new))| old != new) {
        eprintln!(
            "  line {}:\n  - {}\n  + {}",
            number + 1,
            old.unwrap_or("(end of file)"),
            new.unwrap_or("(end of file)")
        );
    }
}
