# SPDX-License-Identifier: BSD-3-Clause
"""A Chromium without a window, for tests of pages."""

import contextlib
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

# --no-sandbox: tests run as root in a container; the pages are our own.
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
           "--force-prefers-reduced-motion")
PATIENCE = 60    # seconds for a page to do something


@contextlib.contextmanager
def chromium(*more):
    """A browser that ends with the block."""
    options = webdriver.ChromeOptions()
    for option in OPTIONS + more:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_page_load_timeout(PATIENCE)
    try:
        yield driver
    finally:
        driver.quit()


def until(driver, script):
    """Run the script until it returns something true, and return that."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = driver.execute_script(script)
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"the page never came to this: {script}")


def opened(driver, path, width):
    """Show the file in a window of that width, and see that it loads without an error of its own."""
    driver.set_window_size(width, 1000)
    driver.get(path.as_uri())
    until(driver, "return document.body.dataset.drawn === 'yes' || document.readyState === 'complete'")
    errors = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors, errors
