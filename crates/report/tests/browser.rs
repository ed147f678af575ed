//! The page in a real browser: Chromium, driven through ChromeDriver.
//!
//! Debian's packages are `chromium` and `chromium-driver`. Without them the test
//! says in capitals that it was skipped, and passes; with `PSP_BROWSER_TESTS=require`
//! it fails.

mod driver;

use std::path::Path;
use std::time::Duration;

use crate::common::{Shape, photos, quick, study};
use driver::{Browser, Failure, Screen};
use fantoccini::Locator;
use fantoccini::key::Key;
use psp_report::write;
use serde_json::{Value, json};

#[test]
fn the_page_works_in_a_browser() {
    let Some(driver) = driver::find() else {
        driver::skip("no chromedriver in PATH: apt-get install chromium chromium-driver");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    write(&study(Shape::default()), &photos, folder.path(), &quick()).unwrap();
    let page = folder.path().canonicalize().unwrap().join("index.html");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let browser = Browser::start(&driver).await.unwrap();
        let outcome = check(&browser, &page).await;
        browser.stop().await;
        outcome.unwrap();
    });
}

async fn check(browser: &Browser, page: &Path) -> Result<(), Failure> {
    browser.show(Screen::DESKTOP).await?;
    browser.scheme("light").await?;
    browser.open(page).await?;
    loads_nothing(browser).await?;
    tables_sort(browser).await?;
    tables_filter(browser).await?;
    pictures_enlarge(browser).await?;
    cards_are_whole(browser).await?;
    is_light_and_dark(browser).await?;
    browser.picture("desktop.png").await?;
    fits_a_phone(browser, page).await?;
    prints(browser, page).await?;
    let complaints = browser.complaints().await?;
    assert_eq!(complaints, Vec::<Value>::new(), "nothing on the console");
    Ok(())
}

async fn loads_nothing(browser: &Browser) -> Result<(), Failure> {
    let loaded = browser
        .run(
            "return performance.getEntriesByType('resource').map((entry) => entry.name)
                .filter((name) => !name.startsWith('data:'));",
        )
        .await?;
    assert_eq!(loaded, json!([]), "no resource but the page itself");
    let title = browser.client.title().await?;
    assert_eq!(title, "cars – report");
    Ok(())
}

/// The scores of the trials' table as they stand from top to bottom.
const SCORES: &str = "return Array.from(document.querySelectorAll('#trials tbody tr'),
    (row) => row.cells[3].dataset.sort).filter(Boolean).map(Number);";

async fn tables_sort(browser: &Browser) -> Result<(), Failure> {
    let heading = "#trials thead tr:last-child th:nth-child(4)";
    let button = browser
        .client
        .find(Locator::Css(&format!("{heading} button")))
        .await?;
    let before = browser.run(SCORES).await?;
    // By keyboard, as everyone can.
    for (order, compare) in [("ascending", -1), ("descending", 1)] {
        button.send_keys(&Key::Enter.to_string()).await?;
        let scores: Vec<f64> = serde_json::from_value(browser.run(SCORES).await?)?;
        assert!(scores.len() > 30);
        let sorted = scores
            .windows(2)
            .all(|pair| (pair[0] - pair[1]) * f64::from(compare) >= 0.0);
        assert!(sorted, "{order}: {scores:?}");
        let state = browser
            .client
            .find(Locator::Css(heading))
            .await?
            .attr("aria-sort")
            .await?;
        assert_eq!(state.as_deref(), Some(order));
        let last =
            "return document.querySelector('#trials tbody tr:last-child').cells[3].textContent;";
        assert_eq!(
            browser.run(last).await?,
            json!("–"),
            "what has no score comes last"
        );
    }
    button.click().await?;
    assert_eq!(
        browser.run(SCORES).await?,
        before,
        "back in the report's own order"
    );
    Ok(())
}

async fn tables_filter(browser: &Browser) -> Result<(), Failure> {
    let input = browser.client.find(Locator::Css("#filter-trials")).await?;
    input.send_keys("vit_b_16 pruned").await?;
    let shown = "return Array.from(document.querySelectorAll('#trials tbody tr'))
        .filter((row) => row.offsetHeight > 0)
        .map((row) => row.cells[1].textContent + ' ' + row.cells[2].textContent);";
    let rows: Vec<String> = serde_json::from_value(browser.run(shown).await?)?;
    assert!(!rows.is_empty() && rows.len() < 10, "{rows:?}");
    assert!(rows.iter().all(|row| row == "vit_b_16 pruned"), "{rows:?}");
    let told = browser
        .client
        .find(Locator::Css("output[for=filter-trials]"))
        .await?
        .text()
        .await?;
    assert_eq!(told, format!("{} of 40 rows", rows.len()));
    input.clear().await?;
    let all: Vec<String> = serde_json::from_value(browser.run(shown).await?)?;
    assert_eq!(all.len(), 40);
    Ok(())
}

async fn pictures_enlarge(browser: &Browser) -> Result<(), Failure> {
    for opener in [".shot button.enlarge", "#figure-residuals button.enlarge"] {
        let button = browser.client.find(Locator::Css(opener)).await?;
        button.send_keys(&Key::Enter.to_string()).await?;
        let size = "const picture = document.querySelector('#viewer .stage :is(img, svg)');
            return document.getElementById('viewer').open ? picture.clientWidth || picture.getBoundingClientRect().width : 0;";
        let enlarged = browser.run(size).await?.as_f64().unwrap_or_default();
        let small = "return document.querySelector(arguments[0]).firstElementChild.getBoundingClientRect().width;";
        let small = browser.client.execute(small, vec![json!(opener)]).await?;
        let small = small.as_f64().unwrap_or_default();
        assert!(
            enlarged > small * 1.2,
            "{opener}: {enlarged} instead of {small} pixels"
        );
        browser.press(Key::Escape).await?;
        let closed = "return [document.getElementById('viewer').open,
            document.activeElement === document.querySelector(arguments[0])];";
        let closed = browser.client.execute(closed, vec![json!(opener)]).await?;
        assert_eq!(
            closed,
            json!([false, true]),
            "Esc closes it and gives the focus back"
        );
    }
    Ok(())
}

/// Nothing of a photo's card, its scores above all, is cut off at its edge.
async fn cards_are_whole(browser: &Browser) -> Result<(), Failure> {
    let cut = "const cards = [...document.querySelectorAll('.shot')];
        return [cards.length > 0, cards.filter((card) => card.scrollWidth > card.clientWidth).length];";
    assert_eq!(browser.run(cut).await?, json!([true, 0]));
    Ok(())
}

async fn is_light_and_dark(browser: &Browser) -> Result<(), Failure> {
    let background = "return getComputedStyle(document.body).backgroundColor;";
    assert_eq!(browser.run(background).await?, json!("rgb(255, 255, 255)"));
    browser.scheme("dark").await?;
    assert_eq!(browser.run(background).await?, json!("rgb(21, 24, 28)"));
    browser.picture("dark.png").await?;
    // The button overrules the system.
    let button = browser.client.find(Locator::Css("#theme")).await?;
    assert_eq!(button.text().await?, "Light");
    button.click().await?;
    assert_eq!(browser.run(background).await?, json!("rgb(255, 255, 255)"));
    browser.scheme("light").await?;
    Ok(())
}

async fn fits_a_phone(browser: &Browser, page: &Path) -> Result<(), Failure> {
    browser.show(Screen::PHONE).await?;
    browser.open(page).await?;
    // All that is folded is opened: nothing may be wider than the screen.
    browser
        .run("document.querySelectorAll('details').forEach((one) => { one.open = true; });")
        .await?;
    let width = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth, innerWidth];";
    assert_eq!(browser.run(width).await?, json!([390, 390, 390]));
    cards_are_whole(browser).await?;
    browser.picture("phone.png").await?;
    Ok(())
}

async fn prints(browser: &Browser, page: &Path) -> Result<(), Failure> {
    browser.show(Screen::DESKTOP).await?;
    browser.open(page).await?;
    let printed = browser
        .command("Page.printToPDF", json!({ "preferCSSPageSize": true }))
        .await?;
    let data = printed["data"].as_str().unwrap_or_default();
    assert!(data.starts_with("JVBERi"), "a PDF");
    browser.keep("print.pdf", data)?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(())
}
