//! Short commands that run to their end; their output is shown only when they fail.

use std::process::{Command, Output, Stdio};

use crate::error::{During, Error, Result};

/// Lines of output kept in an error.
const TAIL: usize = 40;

/// Runs it and returns what it printed to stdout.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().during(describe(command))?;
    checked(&describe(command), &output)
}

/// `run` with the program and its arguments in one slice.
pub fn sh(argv: &[&str]) -> Result<String> {
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| Error::Invalid("empty command".into()))?;
    run(Command::new(program).args(arguments))
}

/// Its stdout where it ended well, else the error that shows its last lines.
pub fn checked(described: &str, output: &Output) -> Result<String> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return Ok(stdout.into_owned());
    }
    let both = format!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
    Err(Error::Command {
        command: described.to_owned(),
        status: output.status.to_string(),
        output: tail(&both),
    })
}

/// The last lines of a text.
pub fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines
        .get(lines.len().saturating_sub(TAIL)..)
        .unwrap_or_default()
        .join("\n")
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
