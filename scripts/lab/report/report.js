/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the page can do more with a script: filter the logs, and print what is folded away. */
(function () {
	"use strict";
	var levels = ["error", "warning", "info", "debug"];
	var form = document.getElementById("filter");
	var lines = Array.from(document.querySelectorAll(".log li"));
	var folded = [];

	function apply() {
		var level = levels.indexOf(form.elements.level.value);
		var peer = form.elements.peer.value;
		var text = form.elements.text.value.toLowerCase();
		var shown = 0;

		lines.forEach(function (line) {
			var fits = levels.indexOf(line.className) <= level &&
				(!peer || line.dataset.peers.split(" ").indexOf(peer) >= 0) &&
				(!text || line.textContent.toLowerCase().indexOf(text) >= 0);

			line.hidden = !fits;
			shown += fits;
		});
		form.querySelector("output").textContent = shown + " of " + lines.length + " lines";
	}

	function offer_peers() {
		var names = new Set();

		lines.forEach(function (line) {
			line.dataset.peers.split(" ").forEach(function (name) {
				if (name)
					names.add(name);
			});
		});
		Array.from(names).sort().forEach(function (name) {
			form.elements.peer.add(new Option(name, name));
		});
	}

	if (form && lines.length) {
		offer_peers();
		form.hidden = false;
		form.addEventListener("input", apply);
		form.addEventListener("submit", function (event) { event.preventDefault(); });
		apply();
	}
	/* A link into something that is folded away opens it. */
	window.addEventListener("hashchange", function () {
		var target = document.getElementById(location.hash.slice(1));
		var around = target && target.closest("details");

		if (around)
			around.open = true;
	});
	window.addEventListener("beforeprint", function () {
		folded = Array.from(document.querySelectorAll("details:not([open])"));
		folded.forEach(function (d) { d.open = true; });
	});
	window.addEventListener("afterprint", function () {
		folded.forEach(function (d) { d.open = false; });
	});
})();
