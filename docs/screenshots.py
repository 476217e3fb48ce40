"""Take the pictures of docs/images from a running stack: `make screenshots`.

Needs Debian's packages chromium and chromium-driver, the environment of requirements/docs.lock,
and a stack that has finished a run of `document_inference`, as `make demo` leaves it. What it
needs to know it reads from the stack's environment file.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[1]
DAG_ID = "document_inference"
WIDTH, HEIGHT = 1440, 900
TIMEOUT_S = 60.0
SETTLE_S = 2.0
"""Time for fonts, transitions and the graph's layout, which announce themselves nowhere."""


class Unavailable(Exception):
    """The stack does not show what a picture needs."""


class Stack:
    """The running stack's REST interfaces, as far as the pictures need them."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.airflow = variables["AIRFLOW__API__BASE_URL"]
        self.mlflow = variables["MLFLOW_TRACKING_URI"]
        self._objects = variables["AWS_ENDPOINT_URL"]
        logins = Path(variables["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
        login = {"username": "admin", "password": json.loads(logins.read_text())["admin"]}
        self.token: str = _call(f"{self.airflow}/auth/token", login)["access_token"]

    def last_run(self) -> str:
        """Return the id of the successful run that has been the longest: the demo's largest."""
        found = self._airflow(f"dags/{DAG_ID}/dagRuns?state=success&limit=100")["dag_runs"]
        if not found:
            raise Unavailable(f"no run of {DAG_ID} has succeeded yet; first: make demo")
        return str(max(found, key=lambda run: run["duration"])["dag_run_id"])

    def data_docs(self, run_id: str) -> str:
        """Return where a browser finds the run's quality report."""
        path = f"dags/{DAG_ID}/dagRuns/{quote(run_id)}/taskInstances/close/xcomEntries/return_value"
        value = self._airflow(path)["value"]
        closure = json.loads(value) if isinstance(value, str) else value
        return f"{self._objects}/{closure['quality_report'].removeprefix('s3://')}"

    def model_version(self) -> str:
        """Return the page of the registered model version that is the champion."""
        api = f"{self.mlflow}/api/2.0/mlflow/registered-models"
        models = _call(f"{api}/search").get("registered_models", [])
        for model in models:
            for alias in model.get("aliases", []):
                if alias["alias"] == "champion":
                    return f"{self.mlflow}/#/models/{model['name']}/versions/{alias['version']}"
        raise Unavailable("no registered model has the alias champion")

    def _airflow(self, path: str) -> Any:
        return _call(f"{self.airflow}/api/v2/{path}", token=self.token)


def _call(url: str, body: object = None, token: str = "") -> Any:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - our own stack
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Unavailable(f"{url}: {error}; is it this stack that listens there?") from error


class Browser:
    """Headless Chromium, writing one PNG a page."""

    def __init__(self, driver: webdriver.Chrome, folder: Path) -> None:
        self._driver = driver
        self._folder = folder

    def log_in(self, stack: Stack) -> None:
        """Give Airflow's pages the token that its login page would have set, and a view."""
        self._driver.get(f"{stack.airflow}/api/v2/version")
        self._driver.add_cookie({"name": "_token", "value": stack.token, "path": "/"})
        self.remember("theme", "light")
        self.remember("default_dag_view", '"graph"')

    def remember(self, key: str, value: str) -> None:
        """Set what the open page's server keeps in the browser."""
        self._driver.execute_script("localStorage.setItem(arguments[0], arguments[1])", key, value)

    def forget_assistant(self) -> None:
        """Close MLflow's assistant, which opens by itself at the first visit."""
        self._driver.execute_script(
            "Object.keys(localStorage).filter(key => key.includes('assistant.panelOpen'))"
            ".forEach(key => localStorage.setItem(key, 'false'))"
        )

    def resize(self, width: int, height: int, *, theme: str = "light") -> None:
        """Set the page's size in points, and which colours its reader likes; narrow is a phone."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        likes = [{"name": "prefers-color-scheme", "value": theme}]
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": likes})

    def wait_until(self, script: str) -> object:
        """Return what a script's expression gives once it gives something."""
        waiting = WebDriverWait(self._driver, TIMEOUT_S, ignored_exceptions=[WebDriverException])
        return waiting.until(lambda driver: driver.execute_script(f"return {script}"), script)

    def figures(self) -> dict[str, object]:
        """Return the figures that the open page shows, and the days they are of."""
        script = """
            const shown = document.querySelectorAll('[data-figure]');
            const filled = [...shown].filter((each) => each.dataset.value !== '');
            const days = document.querySelector('[data-first]').dataset;
            return {first: days.first, last: days.last, figures: Object.fromEntries(
                filled.map((each) => [each.dataset.figure, Number(each.dataset.value)]))};"""
        return dict(self._driver.execute_script(script))

    def fill(self, label: str, value: str) -> None:
        """Type into the field that follows a label."""
        field = self.wait_for(label).find_element(By.XPATH, "./following::input[1]")
        field.clear()
        field.send_keys(value)

    def open(self, url: str, *texts: str) -> None:
        """Open a page and wait until it shows every text."""
        self._driver.get("about:blank")  # a change of the fragment alone would load nothing
        self._driver.get(url)
        for text in texts:
            self.wait_for(text)

    def wait_for(self, text: str) -> WebElement:
        """Return the first visible element that has a text of its own."""
        path = f"//*[text()[normalize-space()={json.dumps(text)}]]"

        def visible(driver: webdriver.Chrome) -> WebElement | None:
            found = driver.find_elements(By.XPATH, path)
            return next((each for each in found if each.is_displayed()), None)

        waiting = WebDriverWait(self._driver, TIMEOUT_S, ignored_exceptions=[WebDriverException])
        element: WebElement = waiting.until(visible, f"{text!r} on {self._driver.current_url}")
        return element

    def click(self, text: str) -> None:
        """Click the element with a text."""
        self.wait_for(text).click()

    def press(self, label: str) -> None:
        """Click the button that has only an icon and a label for those who do not see it."""
        path = f"//button[@aria-label={json.dumps(label)}]"
        waiting = WebDriverWait(self._driver, TIMEOUT_S, ignored_exceptions=[WebDriverException])
        waiting.until(lambda driver: driver.find_element(By.XPATH, path), label).click()

    def save(self, name: str) -> None:
        """Write `<name>.png`."""
        time.sleep(SETTLE_S)
        path = self._folder / f"{name}.png"
        self._driver.save_screenshot(str(path))
        print(f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start Chromium; end it when the block is left."""
    options = webdriver.ChromeOptions()
    options.binary_location = _program("chromium")
    for argument in (
        *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"),
        *(f"--window-size={WIDTH},{HEIGHT}", "--force-device-scale-factor=1", "--lang=en-US"),
    ):
        options.add_argument(argument)
    driver = webdriver.Chrome(options, webdriver.ChromeService(_program("chromedriver")))
    try:
        # The window has a frame even where nobody sees it: this sets the page's own size.
        pages = Browser(driver, folder)
        pages.resize(WIDTH, HEIGHT)
        yield pages
    finally:
        driver.quit()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"no {name} here; install Debian's chromium and chromium-driver")
    return found


def picture_graph(pages: Browser, stack: Stack) -> None:
    """The graph of a finished run."""
    run = quote(stack.last_run(), safe="")
    pages.open(f"{stack.airflow}/dags/{DAG_ID}/runs/{run}", "load_dynamodb", "load_aurora")
    pages.press("Collapse Details Panel")
    pages.press("Fit View")
    pages.save("dag-graph")


def picture_form(pages: Browser, stack: Stack) -> None:
    """The form that starts a run."""
    pages.open(f"{stack.airflow}/dags/{DAG_ID}", "Trigger")
    pages.click("Trigger")
    pages.fill("Batch URI", "s3://twolane-inbox/news.jsonl.gz")
    pages.fill("Account", "trial-lumen")
    pages.fill("Deadline, minutes", "5")
    pages.save("trigger-form")


def picture_model(pages: Browser, stack: Stack) -> None:
    """The registered model version that is the champion."""
    page = stack.model_version()
    pages.open(page, "MLflow Assistant")
    pages.forget_assistant()
    pages.open(page, "Model training", "Tags", "Schema")
    pages.save("mlflow-version")


def picture_data_docs(pages: Browser, stack: Stack) -> None:
    """The quality report of a run."""
    pages.open(stack.data_docs(stack.last_run()))
    pages.save("data-docs")


def picture_costs_in_airflow(pages: Browser, stack: Stack) -> None:
    """The page as Airflow frames it."""
    pages.resize(WIDTH, HEIGHT)
    pages.open(f"{stack.airflow}/plugin/costs")
    pages.wait_until(
        "document.querySelector('iframe')?.contentDocument.documentElement.dataset.drawn"
    )
    pages.save("costs-in-airflow")


def picture_costs(pages: Browser, stack: Stack) -> None:
    """All of the page, light, dark, and on a phone."""
    for name, width, theme in (
        ("costs", 1200, "light"),
        ("costs-dark", 1200, "dark"),
        ("costs-phone", 390, "light"),
    ):
        pages.resize(width, HEIGHT, theme=theme)
        pages.remember("theme", theme)
        pages.open(f"{stack.airflow}/twolane/?days=7")
        pages.wait_until("document.documentElement.dataset.drawn")
        form = "document.getElementById('what-if').getBoundingClientRect().top + window.scrollY"
        pages.resize(width, int(float(str(pages.wait_until(form)))), theme=theme)
        pages.save(name)
    pages.remember("theme", "light")
    pages.resize(WIDTH, HEIGHT)


def picture_what_if(pages: Browser, stack: Stack) -> None:
    """The what-if form, answered for the ledger's own traffic."""
    pages.resize(1200, HEIGHT)
    pages.open(f"{stack.airflow}/twolane/")
    pages.wait_until("document.documentElement.dataset.drawn")
    pages.click("Play it")
    pages.wait_for("Costs")
    pages.wait_until("document.documentElement.dataset.drawn")
    pages.save("what-if")
    pages.resize(WIDTH, HEIGHT)


PICTURES: tuple[Callable[[Browser, Stack], None], ...] = (
    picture_graph,
    picture_form,
    picture_model,
    picture_data_docs,
    picture_costs_in_airflow,
    picture_costs,
    picture_what_if,
)


def read_environment(path: Path) -> dict[str, str]:
    """Return the variables of a dotenv file."""
    if not path.exists():
        raise Unavailable(f"{path} is not there; first: make demo")
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {name: "".join(shlex.split(value)) for name, value in pairs}


def main() -> int:
    """Take every picture, or those named; return the exit code."""
    known = {each.__name__.removeprefix("picture_"): each for each in PICTURES}
    parser = argparse.ArgumentParser(description="Take the pictures of docs/images.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(known)}; all when none is named")
    parser.add_argument("--figures", type=Path, help="take no picture: write the page's figures")
    parser.add_argument("--env", type=Path, default=ROOT / ".twolane" / "env")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    options = parser.parse_args()
    unknown = set(options.names) - known.keys()
    if unknown:
        parser.error(f"no picture is called {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        stack = Stack(read_environment(options.env))
        with browser(options.out) as pages:
            pages.log_in(stack)
            if options.figures:
                pages.open(f"{stack.airflow}/twolane/")
                pages.wait_until("document.documentElement.dataset.drawn")
                options.figures.write_text(json.dumps(pages.figures(), indent=1) + "\n")
                return 0
            for name in options.names or known:
                known[name](pages, stack)
    except (Unavailable, OSError, WebDriverException) as error:
        # A driver's error brings a stack trace of its own; its first line says what was missed.
        print(f"screenshots: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
