//! What all programs share: documents to serve, files to upload, certificates.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with `www/`, `upload-…` files, certificates, and the step program.
pub struct Assets {
    /// The folder.
    pub dir: PathBuf,
}

const STEPS: &str = include_str!("../../programs/steps.py");
const SCAN: &str = include_str!("../../programs/scan.py");
const NODE_SERVER: &str = include_str!("../../programs/server.js");
const APP: &str = include_str!("../../programs/app.py");
const JAVA_CLIENT: &str = include_str!("../../programs/Client.java");
const CANCEL_PAGE: &str = include_str!("../../programs/cancel.html");
const NODE_CLIENT: &str = include_str!("../../programs/client.js");

impl Assets {
    /// Makes them below a folder.
    pub fn make(dir: &Path) -> Result<Self> {
        let www = dir.join("www");
        std::fs::create_dir_all(&www)?;
        for (name, size) in [
            ("tiny.txt", 40),
            ("small.html", 900),
            ("page.html", 12_000),
            ("medium.bin", 150_000),
            ("large.bin", 1_500_000),
            ("big.bin", 6_000_000),
            ("huge.bin", 60_000_000),
        ] {
            std::fs::write(www.join(name), noise(size))?;
        }
        std::fs::write(
            www.join("index.html"),
            "<html><body><p>It works.</p></body></html>\n",
        )?;
        for (name, size) in [
            ("upload-4k", 4_000),
            ("upload-60k", 60_000),
            ("upload-400k", 400_000),
            ("upload-3m", 3_000_000),
        ] {
            std::fs::write(dir.join(name), noise(size))?;
        }
        std::fs::write(dir.join("steps.py"), STEPS)?;
        std::fs::write(dir.join("scan.py"), SCAN)?;
        std::fs::write(dir.join("server.js"), NODE_SERVER)?;
        std::fs::write(dir.join("client.js"), NODE_CLIENT)?;
        std::fs::write(dir.join("app.py"), APP)?;
        std::fs::write(dir.join("Client.java"), JAVA_CLIENT)?;
        std::fs::write(www.join("cancel.html"), CANCEL_PAGE)?;
        certificates(dir).context("cannot make certificates with openssl")?;
        Ok(Self {
            dir: dir.to_owned(),
        })
    }
}

/// Bytes that do not compress and are the same in every run.
fn noise(size: usize) -> Vec<u8> {
    let mut generator = fastrand::Rng::with_seed(7);
    (0..size).map(|_| b'a' + generator.u8(..26)).collect()
}

fn certificates(dir: &Path) -> Result<()> {
    let script = r#"
set -e
new() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.crt" -subj "/CN=$2" -addext "subjectAltName=DNS:$2" $3 >/dev/null 2>&1; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj /CN=lab-authority -days 30 >/dev/null 2>&1
signed() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" >/dev/null 2>&1
  printf 'subjectAltName=DNS:%s\n' "$2" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -out "$1.crt" -extfile "$1.ext" $3 >/dev/null 2>&1; }
signed good lab.test "-days 30"
signed wrong-name other.example "-days 30"
signed expired lab.test "-days -1" || signed expired lab.test "-not_before 20200101000000Z -not_after 20200201000000Z"
new self-signed lab.test "-days 30"
for n in good wrong-name expired self-signed; do [ -s $n.crt ] && cat $n.crt $n.key > $n.pem; chmod 644 $n.key; done
"#;
    let output = Command::new("sh")
        .args(["-c", script])
        .current_dir(dir)
        .output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
