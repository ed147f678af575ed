"""Compares the scores that docs/browser/index.html shows in Chromium with what psp predicts.

Each model folder holds ONNX files that `psp export` wrote. The page is given every file, and the
images in three forms: as they are, as JPEGs that EXIF turns, and as PNGs, in whose pixels browsers
and psp do not differ. It is also given wrong files, and must say what is wrong. Exits with 1 if a
score differs by more than a tolerance or a message is missing. Called by onnx_web.sh.
"""

import argparse
import atexit
import base64
import functools
import http.server
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from math import nan
from pathlib import Path

from PIL import Image, ImageOps

# What the page shows: the message about the model, and of each photo its scores or messages.
SHOWN = """
const text = element => element.textContent;
return {
    busy: document.querySelector("main").ariaBusy === "true",
    status: text(document.querySelector("#status")),
    facts: text(document.querySelector("#facts")),
    fault: text(document.querySelector("#fault")),
    photos: [...document.querySelectorAll("#photos > li")].map(photo => ({
        name: text(photo.querySelector("h3")),
        faults: [...photo.querySelectorAll(".fault")].map(text),
        scores: [...photo.querySelectorAll(".score")].map(score =>
            [text(score.querySelector("dt")), Number(score.querySelector("data").value),
                text(score.querySelector("data"))]),
    })),
};
"""


class Browser:
    """Chromium without a window, by the WebDriver protocol."""

    def __init__(self):
        command = ["chromedriver", "--port=0"]
        self.driver = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        atexit.register(self.driver.kill)
        told = (re.search(r"success.* on port (\d+)", line) for line in self.driver.stdout)
        port = next(match[1] for match in told if match)
        # Whatever proxy the environment names is not for this machine.
        self.web = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.session = f"http://127.0.0.1:{port}/session"
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        options += ["--no-first-run", "--disable-background-networking"]
        wanted = {"alwaysMatch": {"goog:chromeOptions": {"args": options}}}
        self.session += "/" + self.call("POST", "", capabilities=wanted)["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call("DELETE", "")  # ends Chromium

    def call(self, method, path, **body):
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(self.session + path, data, method=method)
        try:
            with self.web.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            sys.exit(f"error: {json.load(error)['value']['message']}")

    def open(self, url):
        self.call("POST", "/url", url=url)
        return self.wait(lambda shown: "Choose" in shown["status"])

    def shown(self):
        return self.call("POST", "/execute/sync", script=SHOWN, args=[])

    def wait(self, is_there, seconds=120):
        """What the page shows once it has nothing to do, and what is waited for is there."""
        end = time.monotonic() + seconds
        while (shown := self.shown())["busy"] or not is_there(shown):
            if time.monotonic() > end:
                sys.exit(f"error: after {seconds} seconds the page shows {shown}")
            time.sleep(0.05)
        return shown

    def choose(self, field, *files):
        """Chooses files in the field with this id."""
        found = self.call("POST", "/element", using="css selector", value=f"#{field}")
        [identity] = found.values()
        self.call("POST", f"/element/{identity}/value", text="\n".join(map(str, files)))

    def devtools(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", cmd=command, params=params)

    def screenshot(self, path, width, scheme):
        screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        self.devtools("Emulation.setDeviceMetricsOverride", **screen)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.devtools("Emulation.setEmulatedMedia", features=features)
        picture = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(picture))


class Handler(http.server.SimpleHTTPRequestHandler):
    """What `python3 -m http.server` serves files with, without its log."""

    def log_message(self, *_):
        pass


def forms(images, folder):
    """Copies of images as they are, as JPEGs that lie on their side, and as PNGs."""
    made = []
    for path in images:
        upright = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        exif = Image.Exif()
        exif[0x0112] = 6  # orientation: to be turned right by 90 degrees
        turned = folder / f"{path.stem}-turned.jpg"
        upright.transpose(Image.Transpose.ROTATE_90).save(turned, quality=90, exif=exif)
        png = folder / f"{path.stem}.png"
        upright.save(png)
        made += [path, turned, png]
    return made


def compare(browser, url, psp, file, images, tolerances):
    """Gives the page one ONNX file and images, and returns how many tolerances are exceeded."""
    command = [psp, "predict", "--json", "--model", file.parent, *images]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    expected = [json.loads(line)["scores"] for line in told.splitlines()]
    assert len(expected) == len(images)
    # Of a model that gives every image the same scores nothing would be compared.
    columns = [[scores[target] for scores in expected] for target in expected[0]]
    assert any(max(column) - min(column) > 0.01 for column in columns), columns

    browser.open(url)
    browser.choose("files", *images)
    browser.choose("model", file)
    photos = browser.wait(lambda shown: "Scored" in shown["status"] or shown["fault"])["photos"]
    assert [photo["name"] for photo in photos] == [path.name for path in images], photos
    for photo in photos:
        assert all(text == f"{score:.4f}" for _, score, text in photo["scores"]), photo
    wrong = 0
    for kind, tolerance in tolerances.items():
        pairs = [
            (path.name, target, score, wanted[target])
            for path, photo, wanted in zip(images, photos, expected)
            if (path.suffix == ".png") == (kind == "PNG")
            for target, score, _ in photo["scores"] or [(name, nan, "") for name in wanted]
        ]
        # A NaN is not below any tolerance.
        off = [pair for pair in pairs if not abs(pair[2] - pair[3]) <= tolerance]
        worst = max(abs(score - wanted) for *_, score, wanted in pairs)
        scores = [wanted for *_, wanted in pairs]
        print(
            f"{file.parent.name:8} {file.name:15}  {kind:5}  {len(pairs)} scores, "
            f"{min(scores):.3f} to {max(scores):.3f}, largest difference {worst:.1e}  "
            + (f"WRONG, more than {tolerance}" if off else "ok"),
            flush=True,
        )
        for name, target, score, wanted in off[:4]:
            print(f"    {name}: {target} is {score} in the page, {wanted} by psp")
        wrong += bool(off)
    for photo in photos:
        for message in photo["faults"]:
            print(f"    {photo['name']}: {message}")
            wrong += 1
    return wrong


def wrong_files(browser, url, model, folder):
    """Gives the page files that can't be used, and returns how many of its messages are wrong."""
    whole = model.read_bytes()
    cases = {
        "no model.onnx": (b'{"bundle_version": 2}', "It is no ONNX file."),
        "short.onnx": (whole[: len(whole) // 2], "its end is missing"),
        # Version 8 and an empty graph.
        "foreign.onnx": (b"\x08\x08\x3a\x00", "not from psp"),
    }
    told = []
    for name, (content, expected) in cases.items():
        (folder / name).write_bytes(content)
        browser.open(url)
        browser.choose("model", folder / name)
        shown = browser.wait(lambda shown: name in shown["fault"])
        told.append((name, shown["fault"], expected))
    photo = folder / "no photo.jpg"
    photo.write_bytes(b"text")
    browser.choose("files", photo)
    browser.choose("model", model)
    [shown] = browser.wait(lambda shown: "could not be scored" in shown["status"])["photos"]
    told.append((photo.name, " ".join(shown["faults"]), "can't read it as an image"))
    for name, message, expected in told:
        is_right = expected in message
        print(f"{name}: “{message}”  {'ok' if is_right else f'WRONG, without “{expected}”'}")
    return sum(expected not in message for _, message, expected in told)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--psp", required=True, help="the binary")
    parser.add_argument("--page", required=True, help="folder of the page, set up", type=Path)
    parser.add_argument("--images", required=True, help="folder of images", type=Path)
    parser.add_argument("--count", type=int, default=16, help="how many of them are used")
    parser.add_argument("--png", type=float, default=1e-5, help="tolerance of PNGs")
    parser.add_argument("--jpeg", type=float, default=2e-3, help="tolerance of other images")
    parser.add_argument("--f16", type=float, default=5e-3, help="tolerance of model_fp16.onnx")
    parser.add_argument("--shots", type=Path, help="folder for screenshots")
    parser.add_argument("models", nargs="+", type=Path, help="exported models")
    args = parser.parse_args()
    types = (".jpg", ".jpeg", ".png")
    images = sorted(path for path in args.images.iterdir() if path.suffix.lower() in types)
    images = [path.resolve() for path in images[: args.count]]
    files = sorted(path.resolve() for model in args.models for path in model.glob("*.onnx"))
    assert images and files, "no images, or no ONNX files"

    handler = functools.partial(Handler, directory=args.page)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    wrong = 0
    with Browser() as browser, tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        images = forms(images, folder)
        for file in files:
            tolerances = {"PNG": args.png, "JPEG": args.jpeg}
            if file.name == "model_fp16.onnx":
                tolerances = dict.fromkeys(tolerances, args.f16)
            wrong += compare(browser, url, args.psp, file, images, tolerances)
        if args.shots:
            args.shots.mkdir(parents=True, exist_ok=True)
            for width in (1280, 390):
                for scheme in ("light", "dark"):
                    browser.screenshot(args.shots / f"{width}-{scheme}.png", width, scheme)
        wrong += wrong_files(browser, url, files[0], folder)
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
