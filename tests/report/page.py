#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of a lab, opened in headless Chromium: that of tests/netns/lab.t's last run (or else of the
lab's `article`, which is run for it), and one of a record in which everything means harm.

Chromium has no way to any network here, and the page asks for none. BUILD is where the runs are.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
WRITE = TOP / "scripts/lab/report/write"
DRIVER = (pathlib.Path(__file__).parent / "look.js").read_text()
HARM = "<script>document.title='harm'</script><img src=http://192.0.2.1/ onerror=alert(1)>&quot;\"'</pre>\x01"
HARMFUL_SVG = ("<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=\"harm\"' viewBox='0 0 9 9'>"
               "<title>a &lt;b&gt;</title><script>document.title='harm'</script><style>@import 'http://192.0.2.1/';"
               "</style><a href='http://192.0.2.1/'><text>x</text></a><image href='http://192.0.2.1/'/>"
               "<rect id='same' fill='url(http://192.0.2.1/)' width='9' height='9'/><text>kept</text></svg>")


def harmful_map():
    return json.dumps({"tunnels": [{"interface": HARM, "type": HARM, "address": HARM, "source": HARM, "peers": [
        {"nbma": HARM, "state": HARM, "entries": [{"protocol": HARM, "type": HARM}]}]}]})


def harmful_record():
    """A run that failed, with every kind of record."""
    explained = json.dumps({"peers": [{"nbma": "10.0.1.2", "state": HARM, "meaning": HARM, "causes": [
        {"cause": "psk", "title": "cause " + HARM, "likelihood": "likely", "side": "here", "evidence": HARM,
         "change": HARM}], "ruled_out": [{"what": HARM, "why": HARM}], "notes": [HARM]}]})
    ping = "64 bytes icmp_seq=1 time=1.5 ms\n3 packets transmitted, 1 received, min/avg/max/mdev = 1/2/3/4"
    records = [
        ("begin", "fault-" + HARM, "uml", HARM), ("address", "SiteA" + HARM, "eth0", "10.0.0.4"),
        ("step", HARM), ("tell", HARM), ("answer", HARM, HARM), ("held", HARM),
        ("failed", HARM, HARM + " 0x" + "ab" * 24), ("explain", "SiteA" + HARM, explained),
        ("explain", "Hub" + HARM, '{"peers": []}'), ("explain", HARM, HARM),
        ("figure", HARM, HARM), ("ping", HARM, HARM, ping), ("flooding", HARM), ("flooded", HARM, ping),
        ("map", HARM, HARM, HARMFUL_SVG, HARM), ("map", HARM, "other", HARMFUL_SVG, harmful_map()),
        ("map", HARM, "third", HARMFUL_SVG, harmful_map()), ("map", HARM, "none", HARM, "{}"), ("ladder", HARM, HARM, HARMFUL_SVG), ("conf", HARM, HARM),
        ("kernel", HARM, "src 1.2.3.4 dst 5.6.7.8\n\tproto esp spi 0x1 mode transport\nXfrmInError 3"),
        ("unheard", HARM), ("held",), ("died", HARM)]
    return b"".join(("\x1f".join((f"{1000000 + n}.5",) + r) + "\x1e").encode()
                    for n, r in enumerate(records)) + b"1000099.0\x1fheld\x1fcut sho"


def run_of_the_article():
    for folder in (BUILD / "netns/lab", BUILD / "lab/article"):
        if (folder / "record").exists():
            return folder
    subprocess.run([TOP / "scripts/lab.sh", "article"], check=True, stdout=subprocess.DEVNULL,
                   env=os.environ | {"BUILD": str(BUILD)})
    return BUILD / "lab/article"


def chromium(profile):
    options = Options()
    options.binary_location = shutil.which("chromium")
    for argument in ("headless=new", "disable-gpu", "disable-dev-shm-usage", "disable-background-networking",
                     "no-first-run", "host-resolver-rules=MAP * ~NOTFOUND", "proxy-server=127.0.0.1:9",
                     f"user-data-dir={profile}"):
        options.add_argument("--" + argument)
    if os.geteuid() == 0:
        # Its sandbox refuses root; the pages are ours.
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)


def setUpModule():
    global browser
    profile = tempfile.mkdtemp()
    unittest.addModuleCleanup(shutil.rmtree, profile, ignore_errors=True)
    browser = chromium(profile)
    unittest.addModuleCleanup(browser.quit)


class Page(unittest.TestCase):
    """What holds for every report."""

    @classmethod
    def setUpClass(cls):
        if cls is Page:
            raise unittest.SkipTest("nothing of its own")
        (BUILD / "report").mkdir(parents=True, exist_ok=True)
        cls.file = BUILD / "report" / (cls.__name__.lower() + ".html")
        cls.folder = cls.make_folder()
        subprocess.run([WRITE, cls.folder, cls.file], check=True, env=os.environ | {"BUILD": str(BUILD)})
        cls.text = cls.file.read_text()
        cls.browser = browser

    def setUp(self):
        self.open()

    def open(self, scheme="light", width=1280, script=True):
        cdp = self.browser.execute_cdp_cmd
        cdp("Emulation.setScriptExecutionDisabled", {"value": not script})
        cdp("Emulation.setEmulatedMedia", {"media": "", "features": [
            {"name": "prefers-color-scheme", "value": scheme}]})
        cdp("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1,
                                                   "mobile": False})
        self.browser.get(self.file.as_uri())

    def look(self, what, *arguments):
        """One of the functions of look.js, in the page."""
        return self.browser.execute_script(DRIVER + f"; return {what}(...arguments)", *arguments)

    def count(self, selector):
        return len(self.browser.find_elements(By.CSS_SELECTOR, selector))

    def test_says_nothing_to_the_console(self):
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_asks_nobody_for_anything(self):
        # What Chromium's own first page asks itself for is no matter of ours.
        self.browser.get("about:blank")
        self.browser.get_log("performance")
        self.open()
        asked = []
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        self.assertIn(self.file.as_uri(), asked, "the log of requests works")
        self.assertEqual({u for u in asked if not u.startswith("data:")}, {self.file.as_uri()})
        self.assertEqual(self.look("references"), [])

    def test_is_sound(self):
        self.assertEqual(self.look("unsound"), [])

    def test_fits_every_width(self):
        for width in (1280, 768, 400, 320):
            self.open(width=width)
            self.assertLessEqual(self.look("width"), width)
            self.assertEqual(self.look("overflowing"), [], f"at {width}")

    def test_can_be_read_in_both_schemes(self):
        backs = []
        for scheme in ("light", "dark"):
            self.open(scheme)
            backs.append(self.look("luminance_of_page"))
            self.assertEqual(self.look("faint", 4.5), [], scheme)
        self.assertGreater(backs[0], 0.9)
        self.assertLess(backs[1], 0.05)

    def test_prints(self):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": [
            {"name": "prefers-color-scheme", "value": "dark"}]})
        self.assertEqual(self.look("luminance_of_page"), 1)
        self.assertEqual(self.look("shown", "nav, form"), 0)
        self.assertTrue(self.browser.print_page())


class Article(Page):
    @classmethod
    def make_folder(cls):
        folder = run_of_the_article()
        cls.record = (folder / "record").read_text()
        return folder

    def test_has_its_parts(self):
        parts = [e.get_attribute("id") for e in self.browser.find_elements(By.CSS_SELECTOR, "main > section")]
        self.assertEqual(parts, "figures map wire pings ladders story expectations kernel configurations "
                                "logs".split())

    def test_says_what_the_record_says(self):
        held = len(re.findall("\x1fheld\x1f", self.record))
        self.assertGreater(held, 20)
        figures = self.browser.find_element(By.ID, "figures").text
        self.assertIn(f"All {held} expectations held", self.browser.find_element(By.TAG_NAME, "header").text)
        self.assertIn(f"{held}/{held}", figures)
        self.assertIn("2000/2000", figures)
        self.assertIn("5/5", figures)
        self.assertEqual(self.count("#expectations tbody tr.held"), held)
        self.assertEqual(self.count("#story .checks li"), held)
        self.assertEqual(self.count("#story .term"), len(re.findall("\x1fanswer\x1f", self.record)))
        self.assertEqual(self.count("#story > section"), len(re.findall("\x1fstep\x1f", self.record)))
        kernel = re.search("\x1fkernel\x1fSiteA\x1f.*?([0-9]+)\\(packets\\)", self.record, re.S)[1]
        self.assertIn(f'<td class="n">{kernel}</td>', self.text)

    def test_draws(self):
        self.assertEqual(self.count("#map details"), 6)
        self.assertEqual(self.count("#map svg.map"), 6)
        self.assertEqual(self.count("#ladders svg.ladder"), 6)
        self.assertEqual(self.count("#wire svg"), 1)
        self.assertEqual(self.count("#pings svg"), 1)
        self.assertEqual(self.look("empty_pictures"), [])
        before, after = self.browser.find_elements(By.CSS_SELECTOR, "svg.overview")
        self.assertEqual(len(before.find_elements(By.CSS_SELECTOR, "path.static")), 2)
        self.assertEqual(len(before.find_elements(By.CSS_SELECTOR, "path.direct")), 0)
        self.assertEqual(len(after.find_elements(By.CSS_SELECTOR, "path.static")), 2)
        self.assertEqual(len(after.find_elements(By.CSS_SELECTOR, "path.direct")), 1)
        # The direct tunnel is what has been added.
        site_a = [e.get_attribute("textContent") for e in
                  self.browser.find_elements(By.CSS_SELECTOR, "#map svg.map") if "SiteA" in
                  e.get_attribute("textContent")]
        self.assertNotIn("172.16.0.3", site_a[0])
        self.assertIn("172.16.0.3", site_a[1])
        self.assertIn("MM_WAIT_MSG2", self.browser.find_element(By.CSS_SELECTOR, "svg.ladder").text)
        lanes = self.browser.find_element(By.CSS_SELECTOR, "#wire svg").text
        for lane in ("Hub – SiteA", "Hub – SiteB", "SiteA – SiteB"):
            self.assertIn(lane, lanes)
        self.assertIn("direct after", self.browser.find_element(By.CSS_SELECTOR, "#pings svg").text)

    def test_holds_no_secret(self):
        for secret in ("ISAKMP-KEY", "NHRP-KEY"):
            self.assertNotIn(secret, self.text)
            self.assertNotIn(secret, self.record)
        self.assertIn("crypto isakmp key *** address", self.text)
        self.assertIn("ip nhrp authentication ***", self.text)
        self.assertIsNone(re.search(r"0x[0-9a-f]{32}", self.text + self.record))

    def test_filters_the_logs(self):
        everything = self.count(".log li")
        self.assertEqual(self.look("lines"), everything)
        self.look("choose", "level", "warning")
        warnings = self.look("lines")
        self.assertEqual(warnings, self.count(".log li.warning, .log li.error"))
        self.assertGreater(warnings, 0)
        self.look("choose", "level", "debug")
        self.look("choose", "peer", "SiteB")
        about = self.look("lines")
        self.assertTrue(0 < about < everything)
        self.look("choose", "text", "QM_ACTIVE")
        self.assertTrue(0 < self.look("lines") < about)

    def test_can_be_read_without_a_script(self):
        self.open(script=False)
        self.assertEqual(self.look("lines"), self.count(".log li"))
        self.assertEqual(self.look("shown", "form"), 0)
        self.browser.find_element(By.CSS_SELECTOR, ".log summary").click()
        self.assertTrue(self.browser.find_element(By.CSS_SELECTOR, ".log li").is_displayed())


class Harm(Page):
    @classmethod
    def make_folder(cls):
        folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, folder)
        (folder / "record").write_bytes(harmful_record())
        (folder / "Hub.log").write_text("Nov 22 00:56:55.400 [IKEv1]: IP = 10.0.0.4, " + HARM + "\n\xff" + HARM)
        (folder / "internet.pcap").write_bytes(b"\xd4\xc3\xb2\xa1" + bytes(40))
        return folder

    def test_is_text(self):
        self.assertIn("expectations held until then", self.browser.title)
        self.assertEqual(self.count("script"), 1)
        self.assertEqual(self.count("img, image, foreignObject, iframe, object, svg a, [onload], [onerror]"), 0)
        self.assertIn("document.title='harm'", self.browser.find_element(By.CSS_SELECTOR, ".told").text)
        self.assertEqual(self.count("#map details svg"), 3)
        self.assertEqual(self.count("#map svg.overview"), 1)
        self.assertIn("kept", self.browser.find_element(By.CSS_SELECTOR, "#map details svg").get_attribute(
            "textContent"))

    def test_leads_with_the_causes(self):
        parts = [e.get_attribute("id") for e in self.browser.find_elements(By.CSS_SELECTOR, "main > section")]
        self.assertEqual(parts[:2], ["causes", "failures"])
        cause = self.browser.find_element(By.CSS_SELECTOR, "#causes .title").text
        self.assertTrue(cause.startswith("cause <script>"))
        self.assertEqual(self.count("#failures .checks li"), 1)
        self.assertNotIn("abab", self.text)


class Nothing(unittest.TestCase):
    def test_says_that_it_cannot_be_written(self):
        with tempfile.TemporaryDirectory() as folder:
            target = pathlib.Path(folder) / "report.html"
            for content in (None, b"", b"rubbish", b"\xff\x1e\x1f\x1e"):
                if content is not None:
                    (pathlib.Path(folder) / "record").write_bytes(content)
                done = subprocess.run([WRITE, folder, target], capture_output=True, text=True)
                self.assertEqual(done.returncode, 1)
                self.assertIn("report: ", done.stderr)
                self.assertNotIn("Traceback", done.stderr)
                self.assertFalse(target.exists())


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
