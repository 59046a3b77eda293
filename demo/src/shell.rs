//! Commands as a person would type them: printed before they run, run by `sh` in the repository's root, output shown.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

/// Where commands run, and with which variables.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Working directory: the root of the repository, because commands name files relative to it.
    pub dir: PathBuf,
    /// Variables that the commands use, PATH and KUBECONFIG among them.
    pub env: BTreeMap<String, String>,
}

/// A command that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be started.
    #[error("start {command:?}")]
    Start {
        /// The command line.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// It ended with another status than 0.
    #[error("{command:?} ended with {status}")]
    Failed {
        /// The command line.
        command: String,
        /// Its status.
        status: std::process::ExitStatus,
    },
}

impl Shell {
    /// Prints the command, runs it with its output shown, and fails if it does.
    pub async fn run(&self, line: &str) -> Result<(), Error> {
        println!("    $ {}", line.replace('\n', "\n      "));
        let start = |source| Error::Start {
            command: line.into(),
            source,
        };
        let output = self
            .command(line)
            .stderr(Stdio::inherit())
            .output()
            .await
            .map_err(start)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let indented = text
            .lines()
            .fold(String::new(), |all, line| all + "      " + line + "\n");
        print!("{indented}");
        if output.status.success() {
            Ok(())
        } else {
            Err(Error::Failed {
                command: line.into(),
                status: output.status,
            })
        }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(&self.dir)
            .envs(&self.env)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_sees_its_variables_and_its_status_counts() {
        let env = BTreeMap::from([("WORD".to_owned(), "yes".to_owned())]);
        let shell = Shell { dir: "/".into(), env };
        assert!(shell.run("test \"$WORD\" = yes && test \"$PWD\" = /").await.is_ok());
        assert!(matches!(shell.run("exit 3").await, Err(Error::Failed { status, .. }) if status.code() == Some(3)));
    }
}
