/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What page.py asks of a page that is open. Lists are of what is wrong. */

function width() {
	return document.documentElement.scrollWidth;
}

function name_of(e) {
	return e.tagName + "." + (e.getAttribute("class") || "") + "#" + e.id + " " + e.textContent.trim().slice(0, 40);
}

/* Everything that could fetch something from outside of the page. */
function references() {
	const found = [];

	for (const e of document.querySelectorAll("*"))
		for (const a of e.attributes) {
			if (["src", "href", "xlink:href", "srcset", "action", "data", "poster"].includes(a.name) &&
			    !a.value.startsWith("#") && a.value !== "data:,")
				found.push(name_of(e) + " " + a.name);
			else if (/url\((?!#)/.test(a.value))
				found.push(name_of(e) + " " + a.value);
		}
	for (const e of document.querySelectorAll("style"))
		if (/@import|url\((?!["']?#)/.test(e.textContent))
			found.push("style");
	return found;
}

function unsound() {
	const found = [], ids = new Set();
	let level = 1;

	for (const e of document.querySelectorAll("[id]")) {
		if (ids.has(e.id))
			found.push("twice: #" + e.id);
		ids.add(e.id);
	}
	for (const e of document.querySelectorAll("[aria-labelledby]"))
		if (!ids.has(e.getAttribute("aria-labelledby")))
			found.push("no label: " + name_of(e));
	for (const e of document.querySelectorAll("a[href^='#']"))
		if (!ids.has(e.getAttribute("href").slice(1)))
			found.push("leads nowhere: " + e.getAttribute("href"));
	for (const e of document.querySelectorAll("h1, h2, h3, h4")) {
		const own = Number(e.tagName[1]);

		if (own > level + 1)
			found.push("skips a level: " + name_of(e));
		level = own;
	}
	for (const e of ["header", "nav[aria-label]", "main", "footer", "h1"])
		if (document.querySelectorAll("body > " + e + ", .columns > " + e + ", header > " + e).length !== 1)
			found.push("not exactly one: " + e);
	for (const e of document.querySelectorAll("svg"))
		if (e.getAttribute("role") === "img" && !e.querySelector("title"))
			found.push("svg without a title");
	for (const e of document.querySelectorAll(".scroll"))
		if (e.tabIndex !== 0 || !e.getAttribute("aria-label"))
			found.push("cannot be scrolled by keys: " + name_of(e));
	if (document.documentElement.lang !== "en" || document.compatMode !== "CSS1Compat")
		found.push("language or doctype");
	return found;
}

/* Who is wider than the page and has no box around it that scrolls. */
function overflowing() {
	const found = [];

	for (const e of document.querySelectorAll("main *, header *")) {
		const box = e.getBoundingClientRect();

		if (box.width && box.right > innerWidth + 1 && !e.closest(".scroll, pre, .skip, .hidden"))
			found.push(name_of(e));
	}
	return found;
}

function channels(colour) {
	const parts = colour.match(/[\d.]+/g).map(Number);

	return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
}

function luminance(rgb) {
	const [r, g, b] = rgb.map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);

	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function luminance_of_page() {
	return luminance(channels(getComputedStyle(document.body).backgroundColor).rgb);
}

function back_of(e) {
	for (; e; e = e.parentElement) {
		const back = channels(getComputedStyle(e).backgroundColor);

		if (back.alpha === 1)
			return back.rgb;
	}
	return [255, 255, 255];
}

function ratio(a, b) {
	const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);

	return (high + 0.05) / (low + 0.05);
}

/* Texts of too little contrast; those in a picture against the page and against its cards. */
function faint(least) {
	const found = new Set();

	document.querySelectorAll("details").forEach(d => d.open = true);
	for (const e of document.querySelectorAll("body *")) {
		const own = Array.from(e.childNodes).some(n => n.nodeType === 3 && n.textContent.trim());
		const style = getComputedStyle(e);
		const backs = [back_of(e)];
		let colour = style.color;

		if (!own || e.closest("script, style, title, .skip, .hidden, [hidden]"))
			continue;
		if (e.ownerSVGElement) {
			colour = style.fill;
			for (const card of e.ownerSVGElement.querySelectorAll(".card"))
				backs.push(channels(getComputedStyle(card).fill).rgb);
		}
		for (const back of backs)
			if (ratio(channels(colour).rgb, back) < least)
				found.add(ratio(channels(colour).rgb, back).toFixed(2) + " " + name_of(e));
	}
	return Array.from(found).slice(0, 20);
}

function empty_pictures() {
	const found = [];

	document.querySelectorAll("details").forEach(d => d.open = true);
	for (const e of document.querySelectorAll("svg")) {
		const box = e.getBoundingClientRect();

		if (box.width < 200 || box.height < 50 || e.querySelectorAll("text").length < 3)
			found.push(name_of(e));
	}
	return found;
}

function shown(selector) {
	return Array.from(document.querySelectorAll(selector)).filter(e => getComputedStyle(e).display !== "none").length;
}

function lines() {
	return shown(".log li");
}

function choose(name, value) {
	const field = document.forms[0].elements[name];

	field.value = value;
	if (field.value !== value)
		throw new Error("there is no " + value);
	field.dispatchEvent(new Event("input", { bubbles: true }));
}
