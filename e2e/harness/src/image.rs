//! Images of the test cluster itself, and the import of archives.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command;
use crate::error::{During, Result};
use crate::needs;
use crate::oci::{Image, Layer};
use crate::sandbox::options::Run;

/// Image of the container that holds a pod's namespaces.
pub const PAUSE: &str = "localhost/pause:1";
/// A shell and the usual commands, for looking around.
pub const BUSYBOX: &str = "localhost/busybox:1";

/// Writes the two images above into `dir`.
pub fn write_own(dir: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(dir).during(format_args!("make {}", dir.display()))?;
    let busybox = needs::busybox();
    let mut layer = Layer::new().dir("tmp", 0o1777).host_file("bin/busybox", busybox)?;
    let pause = Image {
        name: PAUSE.into(),
        entrypoint: vec!["/bin/busybox".into(), "sleep".into(), "2147483647".into()],
        user: crate::oci::NONROOT.into(),
        layers: vec![layer.clone()],
        ..Image::default()
    };
    for applet in command::sh(&[&busybox.to_string_lossy(), "--list"])?.split_whitespace() {
        if applet != "busybox" {
            layer = layer.link(&format!("bin/{applet}"), "busybox");
        }
    }
    let shell = Image {
        name: BUSYBOX.into(),
        cmd: vec!["sh".into()],
        env: vec!["PATH=/bin".into()],
        layers: vec![layer],
        ..Image::default()
    };
    let paths = [(pause, dir.join("pause.tar")), (shell, dir.join("busybox.tar"))];
    paths
        .into_iter()
        .map(|(image, path)| image.write(&path).map(|()| path))
        .collect()
}

/// Imports the cluster's own images and those of the options. To be called inside the sandbox.
pub(crate) fn import_all(run: &Run) -> Result<()> {
    let own = write_own(&run.dir.join("images"))?;
    own.iter()
        .chain(&run.options.images)
        .try_for_each(|archive| import(archive))
}

/// Imports one archive. To be called inside the sandbox.
pub fn import(archive: &Path) -> Result<()> {
    command::sh(&["ctr", "-n", "k8s.io", "images", "import", &archive.to_string_lossy()]).map(drop)
}
