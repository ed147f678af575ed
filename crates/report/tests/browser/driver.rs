//! ChromeDriver, and Chromium through it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::{Engine, prelude::BASE64_STANDARD};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, key::Key};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// How long the driver may take to answer at first.
const PATIENCE: Duration = Duration::from_secs(30);

/// ChromeDriver, if there is one.
pub(crate) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let files = std::env::split_paths(&path).map(|folder| folder.join("chromedriver"));
    files.into_iter().find(|file| file.is_file())
}

/// Says that there was no test, so that nobody overlooks it.
pub(crate) fn skip(why: &str) {
    let required = std::env::var("PSP_BROWSER_TESTS").is_ok_and(|value| value == "require");
    assert!(!required, "the browser test cannot run: {why}");
    // Past the test harness, which shows the output of failed tests only.
    let line = format!("\n*** SKIPPED: THE PAGE WAS NOT TRIED IN A BROWSER ({why}) ***\n\n");
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}

/// A screen in CSS pixels.
#[derive(Clone, Copy)]
pub(crate) struct Screen {
    width: u32,
    height: u32,
    mobile: bool,
}

impl Screen {
    pub(crate) const DESKTOP: Self = Self {
        width: 1280,
        height: 900,
        mobile: false,
    };
    pub(crate) const PHONE: Self = Self {
        width: 390,
        height: 844,
        mobile: true,
    };
}

/// A browser with a profile of its own. Pictures go where `PSP_BROWSER_PICTURES`
/// says, if it does.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Driver,
    _profile: TempDir,
    pictures: Option<PathBuf>,
}

struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Browser {
    pub(crate) async fn start(path: &Path) -> Result<Self, Failure> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let driver = Command::new(path)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let driver = Driver(driver);
        let profile = tempfile::tempdir()?;
        let data = format!("--user-data-dir={}", profile.path().display());
        let capabilities = json!({
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--hide-scrollbars", data,
            ] },
        });
        let Value::Object(capabilities) = capabilities else {
            return Err("capabilities are an object".into());
        };
        let start = Instant::now();
        let client = loop {
            let mut builder =
                ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
            let connected = builder
                .capabilities(capabilities.clone())
                .connect(&format!("http://127.0.0.1:{port}"))
                .await;
            match connected {
                Ok(client) => break client,
                Err(error) if start.elapsed() > PATIENCE => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        };
        Ok(Self {
            client,
            driver,
            _profile: profile,
            pictures: std::env::var_os("PSP_BROWSER_PICTURES").map(PathBuf::from),
        })
    }

    pub(crate) async fn stop(self) {
        let _ = self.client.close().await;
        drop(self.driver);
    }

    pub(crate) async fn open(&self, page: &Path) -> Result<(), Failure> {
        let url = Url::from_file_path(page).map_err(|()| "the page's path is absolute")?;
        Ok(self.client.goto(url.as_str()).await?)
    }

    pub(crate) async fn run(&self, script: &str) -> Result<Value, Failure> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    pub(crate) async fn press(&self, key: Key) -> Result<(), Failure> {
        let value = char::from(key);
        let keys = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        Ok(self.client.perform_actions(keys).await?)
    }

    pub(crate) async fn show(&self, screen: Screen) -> Result<(), Failure> {
        let metrics = json!({
            "width": screen.width, "height": screen.height, "deviceScaleFactor": 1,
            "mobile": screen.mobile,
        });
        self.command("Emulation.setDeviceMetricsOverride", metrics)
            .await?;
        Ok(())
    }

    pub(crate) async fn scheme(&self, scheme: &str) -> Result<(), Failure> {
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            // Else the driver clicks where the page still scrolls.
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.command("Emulation.setEmulatedMedia", media).await?;
        Ok(())
    }

    /// What stands on the console, save what is only said.
    pub(crate) async fn complaints(&self) -> Result<Vec<Value>, Failure> {
        let log = self.client.issue_cmd(Log).await?;
        let entries: Vec<Value> = serde_json::from_value(log)?;
        let serious = |entry: &Value| entry["level"] == "SEVERE" || entry["level"] == "WARNING";
        Ok(entries.into_iter().filter(serious).collect())
    }

    pub(crate) async fn picture(&self, name: &str) -> Result<(), Failure> {
        if self.pictures.is_some() {
            let shot = self
                .command("Page.captureScreenshot", json!({ "format": "png" }))
                .await?;
            self.keep(name, shot["data"].as_str().unwrap_or_default())?;
        }
        Ok(())
    }

    /// Stores what came in base64, if anybody wants it.
    pub(crate) fn keep(&self, name: &str, data: &str) -> Result<(), Failure> {
        if let Some(folder) = &self.pictures {
            std::fs::create_dir_all(folder)?;
            std::fs::write(folder.join(name), BASE64_STANDARD.decode(data)?)?;
        }
        Ok(())
    }

    /// A command of the DevTools protocol.
    pub(crate) async fn command(&self, name: &str, parameters: Value) -> Result<Value, Failure> {
        let command = DevTools(json!({ "cmd": name, "params": parameters }));
        Ok(self.client.issue_cmd(command).await?)
    }
}

/// ChromeDriver's own commands.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.to_string()))
    }
}

#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
