
"use strict";
(() => {
	// The conversations are data. Every text of them goes into the page as text: by textContent or as an attribute that is no
	// link, style or handler. Links are set only if they begin with http:// or https://.
	const byID = (id) => document.getElementById(id);
	const labels = JSON.parse(byID("labels").textContent);
	// Each conversation has two lines. The second, its messages, is parsed when it is needed.
	const lines = byID("chats").textContent.split("\n");
	byID("chats").remove();
	const chats = [];
	for (let i = 0; i + 1 < lines.length; i += 2) {
		chats.push({...JSON.parse(lines[i]), lines: lines[i + 1]});
	}
	if (!chats.length) {
		return;
	}
	const messagesOf = (chat) => {
		if (chat.lines) {
			chat.messages = JSON.parse(chat.lines);
			chat.lines = "";
		}
		return chat.messages;
	};

	// el makes an element with a class and children, which are nodes or texts.
	const el = (tag, name, ...children) => {
		const e = document.createElement(tag);
		if (name) {
			e.className = name;
		}
		e.append(...children);
		return e;
	};
	const icon = (name) => {
		const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
		const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
		use.setAttribute("href", "#i-" + name);
		svg.append(use);
		svg.setAttribute("aria-hidden", "true");
		return svg;
	};
	const hidden = (text) => el("span", "vh", text);
	const foreign = (tag, name, text) => {
		const e = el(tag, name, text);
		e.dir = "auto";
		return e;
	};
	const plural = (n, noun) => n.toLocaleString("en-GB") + " " + noun + (n === 1 ? "" : "s");

	// Times.
	const dayName = new Intl.DateTimeFormat("en-GB", {weekday: "long", day: "numeric", month: "long", year: "numeric"});
	const dayShort = new Intl.DateTimeFormat("en-GB", {day: "numeric", month: "short", year: "numeric"});
	const two = (n) => String(n).padStart(2, "0");
	const clock = (d) => two(d.getHours()) + ":" + two(d.getMinutes());
	const dayKey = (d) => d.getFullYear() * 400 + d.getMonth() * 32 + d.getDate();

	// Searching: a text is found in any case, and with or without accents.
	const fold = (text) => {
		const lower = text.toLowerCase();
		return /^[\x00-\x7f]*$/.test(lower) ? lower : lower.normalize("NFD").replace(/\p{M}/gu, "");
	};
	// cut returns where a folded query stands in a text: [start, end], or null.
	const cut = (text, query) => {
		let folded = "", at = 0;
		const from = [];
		for (const c of text) {
			const f = fold(c);
			for (let i = 0; i < f.length; i++) {
				from.push(at);
			}
			folded += f;
			at += c.length;
		}
		from.push(at);
		const found = folded.indexOf(query);
		return found < 0 ? null : [from[found], from[found + query.length]];
	};
	// highlighted returns the children that show a text with the query marked in it.
	const highlighted = (text, query) => {
		const at = query && cut(text, query);
		return at ? [text.slice(0, at[0]), el("mark", "", text.slice(at[0], at[1])), text.slice(at[1])] : [text];
	};

	// What is known of each conversation, for the list and the filters.
	const kindNames = {
		text: "text", picture: "picture", video: "video", file: "file", voice: "voice", audio: "audio", sticker: "sticker",
		location: "location", contact: "contact", reply: "answer to a message", post: "comment on a post", astext: "media sent as text",
		planned: "to be sent", accepted: "in Kommo", verified: "in Kommo, read back", sending: "in doubt", refused: "refused by Kommo",
		skipped: "left out", invalid: "invalid", finding: "with a finding",
	};
	for (const chat of chats) {
		chat.title = chat.name || chat.phone || chat.id || "Entries of no conversation";
		chat.marks = chat.marks || [];
		chat.kinds = chat.kinds || [];
		chat.count = 0;
		for (const n of Object.values(chat.states)) {
			chat.count += n;
		}
	}
	chats.sort((a, b) => (b.last && b.last.t || 0) - (a.last && a.last.t || 0));
	chats.forEach((chat, i) => chat.index = i);

	// A mark that all conversations have says nothing in the list.
	const common = chats.length < 3 ? [] : chats[0].marks.map((m) => m.kind).filter((kind) => chats.every((chat) => chat.marks.some((m) => m.kind === kind)));

	// The texts for searching are read while nothing else is to be done.
	const haystack = (chat) => {
		if (chat.hay === undefined) {
			chat.head = fold(chat.title + "\n" + (chat.phone || "") + "\n" + (chat.email || "") + "\n" + chat.id);
			chat.digits = (chat.phone || "").replace(/\D/g, "");
			chat.hay = fold(messagesOf(chat).map(wordsOf).join("\n"));
		}
		return chat.hay;
	};
	const wordsOf = (m) => {
		const words = [m.x, m.f && m.f.n, m.c && m.c.name, m.c && m.c.phone, m.b && m.b.caption, m.r, m.a];
		return words.filter(Boolean).join("\n");
	};
	let prepared = 0;
	const prepare = (deadline) => {
		while (prepared < chats.length && deadline.timeRemaining() > 4) {
			haystack(chats[prepared++]);
		}
		if (prepared < chats.length) {
			requestIdleCallback(prepare);
		} else {
			document.body.dataset.ready = "true";
		}
	};
	if (window.requestIdleCallback) {
		requestIdleCallback(prepare);
	} else {
		setTimeout(() => prepare({timeRemaining: () => 50}), 200);
	}

	// The list.
	const list = byID("list"), search = byID("search"), fields = ["mark", "kind", "from", "to"].map(byID);
	const [markField, kindField, fromField, toField] = fields;
	let query = "", found = chats, shown = 0, open = null;
	const matches = (chat) => {
		const hay = haystack(chat);
		const digits = query.replace(/[\s()+.-]/g, "");
		return chat.head.includes(query) || hay.includes(query) || /^\d{3,}$/.test(digits) && chat.digits.includes(digits);
	};
	const dayOf = (field, days) => {
		if (!field.value) {
			return null;
		}
		const [y, m, d] = field.value.split("-").map(Number);
		return new Date(y, m - 1, d + days).getTime();
	};
	const filter = () => {
		query = fold(search.value.trim());
		const mark = markField.value, kind = kindField.value, from = dayOf(fromField, 0), to = dayOf(toField, 1);
		found = chats.filter((chat) => (!mark || chat.marks.some((m) => m.kind === mark)) && (!kind || chat.kinds.includes(kind)) &&
			(from === null && to === null || messagesOf(chat).some((m) => m.t && (from === null || m.t >= from) && (to === null || m.t < to))) &&
			(!query || matches(chat)));
		const set = fields.filter((f) => f.value).length;
		byID("filtered").textContent = set ? " (" + set + ")" : "";
		byID("count").textContent = found.length === chats.length ? plural(chats.length, "conversation") :
			found.length.toLocaleString("en-GB") + " of " + plural(chats.length, "conversation");
		list.replaceChildren();
		list.scrollTop = 0;
		shown = 0;
		showMore();
	};
	const showMore = () => {
		const rows = found.slice(shown, shown + 60).map(rowOf);
		shown += rows.length;
		list.append(...rows);
	};
	const initials = (chat) => {
		const words = (chat.name || "").match(/\p{L}[\p{L}\p{M}]*/gu) || [];
		return words.length ? words.slice(0, 2).map((w) => [...w][0].toUpperCase()).join("") : chat.id ? "#" : "!";
	};
	const avatar = (e, chat) => {
		let sum = 0;
		for (const c of chat.id) {
			sum = (sum * 31 + c.codePointAt(0)) % 9973;
		}
		e.className = "avatar c" + sum % 8;
		e.textContent = initials(chat);
		e.setAttribute("aria-hidden", "true");
		return e;
	};
	const icons = {picture: "picture", video: "video", voice: "voice", audio: "voice", location: "location", contact: "contact"};
	const preview = (m) => {
		const line = el("span", "last");
		line.dir = "auto";
		const kind = m.k || "text";
		if (kind !== "text") {
			line.append(icon(icons[kind] || "file"));
		}
		const text = m.x || (m.f && m.f.n) || (m.c && m.c.name) || (m.s === "invalid" ? m.r : kindNames[kind]);
		line.append((m.o && m.a ? m.a + ": " : "") + text.slice(0, 200));
		return line;
	};
	// excerpt returns the line of a conversation in which the query was found; null if it is in the name or the phone alone.
	const excerpt = (chat) => {
		if (!query || !chat.hay.includes(query)) {
			return null;
		}
		const at = messagesOf(chat).findIndex((m) => fold(wordsOf(m)).includes(query));
		if (at < 0) {
			return null;
		}
		const text = wordsOf(chat.messages[at]), place = cut(text, query);
		const start = place ? Math.max(0, place[0] - 30) : 0;
		const line = el("span", "last", ...highlighted((start ? "…" : "") + text.slice(start, start + 200), query));
		line.dir = "auto";
		chat.hit = at;
		return line;
	};
	const rowOf = (chat) => {
		const a = el("a", "row", avatar(el("span"), chat));
		a.href = "#c" + chat.index;
		const who = el("span", "who", ...highlighted(chat.title, query));
		who.dir = "auto";
		a.append(who);
		if (chat.last && chat.last.t) {
			const at = new Date(chat.last.t), time = el("time", "", dayShort.format(at));
			time.dateTime = at.toISOString();
			a.append(time);
		}
		const phone = el("span", "phone");
		if (chat.phone) {
			phone.append(...highlighted(chat.phone, query), " · ");
		}
		phone.append(plural(chat.count, "message"));
		chat.hit = undefined;
		a.append(phone, excerpt(chat) || (chat.last ? preview(chat.last) : ""));
		if (chat.marks.some((m) => !common.includes(m.kind))) {
			const kinds = [...new Set(chat.marks.map((m) => m.kind))].filter((kind) => !common.includes(kind));
			const tags = el("span", "tags", ...kinds.slice(0, 2).map((kind) => el("span", "tag", labels[kind] || kind)));
			if (kinds.length > 2) {
				tags.append(el("span", "tag", "+" + (kinds.length - 2)));
			}
			a.append(tags);
		}
		if (open === chat) {
			a.setAttribute("aria-current", "true");
		}
		return el("li", "", a);
	};
	list.addEventListener("scroll", () => {
		if (list.scrollTop + list.clientHeight > list.scrollHeight - 800) {
			showMore();
		}
	}, {passive: true});
	list.addEventListener("keydown", (event) => {
		const step = {ArrowDown: 1, ArrowUp: -1}[event.key], item = event.target.closest("li");
		if (step && item) {
			event.preventDefault();
			if (step > 0 && !item.nextElementSibling) {
				showMore();
			}
			const next = step > 0 ? item.nextElementSibling : item.previousElementSibling;
			(next ? next.firstElementChild : step < 0 ? search : event.target).focus();
		}
	});
	search.addEventListener("input", filter);
	search.addEventListener("keydown", (event) => {
		if (event.key === "ArrowDown" && list.firstElementChild) {
			event.preventDefault();
			list.firstElementChild.firstElementChild.focus();
		}
	});
	fields.forEach((f) => f.addEventListener("change", filter));
	byID("clear").addEventListener("click", () => {
		fields.forEach((f) => f.value = "");
		search.value = "";
		filter();
	});

	// The filters offer only what occurs.
	const occurring = (values, names, field) => {
		const here = new Set(values);
		for (const [value, name] of Object.entries(names)) {
			if (here.has(value)) {
				const option = el("option", "", name);
				option.value = value;
				field.append(option);
			}
		}
	};
	occurring(chats.flatMap((chat) => chat.marks.map((m) => m.kind)), labels, markField);
	occurring(chats.flatMap((chat) => chat.kinds), kindNames, kindField);
	document.querySelectorAll("[data-mark]").forEach((button) => button.addEventListener("click", () => {
		fields.forEach((f) => f.value = "");
		search.value = "";
		markField.value = button.dataset.mark;
		byID("filters").open = true;
		filter();
		location.hash = "#conversations";
		if (list.firstElementChild) {
			list.firstElementChild.firstElementChild.focus();
		}
	}));

	// A conversation. Only a part of a long one is in the page at a time: the messages from begin to end.
	const messages = byID("messages"), scroll = byID("scroll");
	const page = 300;
	let begin = 0, end = 0;

	// about lists what is known of the client, as parts of one line.
	const about = (chat) => {
		const states = {planned: "to be sent", sending: "in doubt", accepted: "in Kommo", verified: "in Kommo, read back",
			refused: "refused", skipped: "left out", invalid: "invalid"};
		const counts = Object.keys(states).filter((s) => chat.states[s]).map((s) => chat.states[s].toLocaleString("en-GB") + " " + states[s]);
		return [chat.group ? "group" : "", chat.phone, chat.email, chat.id !== chat.title ? chat.id : "", chat.contact,
			counts.join(", "), chat.older ? "the card of a lead may not show " + chat.older.toLocaleString("en-GB") + " older messages" : ""].filter(Boolean);
	};
	// remarks lists what deserves a look, as sentences.
	const remarks = (chat) => {
		const all = chat.marks.map((m) => (labels[m.kind] || m.kind) + (m.note ? ": " + m.note : ""));
		return chat.aside ? [...all, chat.aside] : all;
	};
	const openChat = (chat) => {
		open = chat;
		messagesOf(chat);
		avatar(byID("chat-avatar"), chat);
		byID("chat-name").textContent = chat.title;
		byID("chat-about").replaceChildren(...about(chat).flatMap((part, i) => [i ? " · " : "", foreign("bdi", "", part)]));
		byID("chat-marks").replaceChildren(...remarks(chat).map((text) => el("li", "", icon("alert"), foreign("span", "", text))));
		byID("chat-marks").hidden = !byID("chat-marks").children.length;
		list.querySelectorAll("[aria-current]").forEach((a) => a.removeAttribute("aria-current"));
		const row = list.querySelector("[href='#c" + chat.index + "']");
		if (row) {
			row.setAttribute("aria-current", "true");
		}
		if (query && chat.hit === undefined) {
			excerpt(chat);
		}
		if (query && chat.hit !== undefined) {
			jump(chat.hit);
		} else {
			render(Math.max(0, chat.messages.length - page), chat.messages.length);
			scroll.scrollTop = scroll.scrollHeight;
		}
		byID("chat-name").focus({preventScroll: true});
	};
	// jump shows a message, and marks it.
	const jump = (at) => {
		if (at < begin || at >= end || !messages.querySelector(".m")) {
			render(Math.max(0, at - page / 2), Math.min(open.messages.length, at + page / 2));
		}
		if (!byID("m" + at)) {
			render(Math.max(0, at - page / 2), Math.min(open.messages.length, at + page / 2));
		}
		messages.querySelectorAll(".at").forEach((m) => m.classList.remove("at"));
		const item = byID("m" + at);
		item.classList.add("at");
		item.scrollIntoView({block: "center"});
	};
	const render = (from, to) => {
		begin = from;
		end = to;
		const items = [];
		if (begin > 0) {
			items.push(more(plural(begin, "earlier message"), () => grow(Math.max(0, begin - page), end)));
		}
		let day = null, before = null;
		for (let i = begin; i < end; i++) {
			const m = open.messages[i];
			if (open.left && i === open.gap) {
				items.push(el("li", "gap", el("span", "", plural(open.left, "message") + " left out of this page")));
				before = null;
			}
			if (m.t) {
				const at = new Date(m.t), key = dayKey(at);
				if (key !== day) {
					items.push(el("li", "day", el("span", "", dayName.format(at))));
					before = null;
				}
				day = key;
			}
			items.push(messageOf(m, i, !before || before.s === "invalid" || !before.o !== !m.o || before.a !== m.a));
			before = m;
		}
		if (open.left && open.gap === end && end === open.messages.length) {
			items.push(el("li", "gap", el("span", "", plural(open.left, "message") + " left out of this page")));
		}
		if (end < open.messages.length) {
			items.push(more(plural(open.messages.length - end, "later message"), () => grow(begin, Math.min(open.messages.length, end + page))));
		}
		messages.replaceChildren(...items);
	};
	// grow shows more messages, and leaves those that are shown where they are.
	const grow = (from, to) => {
		const anchor = byID("m" + begin), top = anchor.getBoundingClientRect().top;
		render(from, to);
		scroll.scrollTop += byID(anchor.id).getBoundingClientRect().top - top;
	};
	const more = (text, act) => {
		const button = el("button", "", text);
		button.type = "button";
		button.addEventListener("click", act);
		return el("li", "more", button);
	};
	const stateNames = {planned: "to be sent", accepted: "in Kommo", verified: "in Kommo, read back", sending: "in doubt", refused: "refused",
		skipped: "left out", invalid: "invalid"};
	const stateIcons = {planned: "clock", accepted: "check", verified: "checks", sending: "alert", refused: "alert"};
	const messageOf = (m, at, first) => {
		const state = m.s || "planned", bubble = el("div", "bubble");
		const item = el("li", "m " + (state === "invalid" ? "entry" : (m.o ? "out" : "in") + " " + state) + (first ? " first" : "") + (m.v ? " found" : ""), bubble);
		item.id = "m" + at;
		if (state !== "invalid") {
			bubble.append(hidden(m.o ? "From the company: " : "From the client: "));
		}
		if (m.a && first) {
			bubble.append(foreign("div", "author", m.a + (m.u ? " · Kommo user" : "")));
		}
		if (m.b) {
			bubble.append(postOf(m.b));
		}
		if (m.q) {
			bubble.append(quoteOf(m.q));
		}
		if (m.f || m.l || m.c) {
			bubble.append(cardOf(m));
		}
		if (m.w && state !== "skipped") {
			bubble.append(el("div", "as-text", kindNames[m.w] + ", sent as text"));
		}
		bubble.append(el("div", "said", m.x ? textOf(m.x) : "", metaOf(m, state)));
		const before = {skipped: "Left out: ", invalid: "Invalid: ", refused: "Refused: "}[state] || "";
		const reasons = [...(m.r ? [before + m.r + (m.p ? " (" + m.p + ")" : "")] : []), ...(m.v || [])];
		bubble.append(...reasons.map((reason) => el("div", "reason", icon("alert"), foreign("span", "", reason))));
		return item;
	};
	const metaOf = (m, state) => {
		const meta = el("div", "meta");
		if (m.n) {
			meta.append(el("span", "notifies", icon("bell"), state === "accepted" || state === "verified" ? "notified" : "notifies"));
		}
		if (m.t) {
			const at = new Date(m.t), time = el("time", "", clock(at));
			time.dateTime = at.toISOString();
			meta.append(time);
		}
		if (stateIcons[state]) {
			meta.append(icon(stateIcons[state]));
		}
		meta.append(hidden(", " + stateNames[state]));
		return meta;
	};
	const long = 1200;
	const textOf = (text) => {
		const big = text.length <= 12 && /^[\p{Extended_Pictographic}\p{Emoji_Component}\s]+$/u.test(text) && /\p{Extended_Pictographic}/u.test(text);
		const e = el("div", big ? "text big" : "text");
		e.dir = "auto";
		if (text.length <= long || query && fold(text).includes(query)) {
			e.append(...highlighted(text, query));
			return e;
		}
		e.append(text.slice(0, long - 200).replace(/[\ud800-\udbff]$/, "") + "… ");
		const button = el("button", "read-more", "Read more");
		button.type = "button";
		button.addEventListener("click", () => e.textContent = text);
		e.append(button);
		return e;
	};
	const quoteOf = (quote) => {
		const at = quote.t ? open.messages.findIndex((m) => m.t === quote.t) : -1;
		const text = quote.x || (at >= 0 && wordsOf(open.messages[at])) || "a message without text";
		const e = foreign(at >= 0 ? "button" : "div", "quote", "");
		e.append(hidden("Answer to: "), text.slice(0, 300));
		if (at >= 0) {
			e.type = "button";
			e.addEventListener("click", () => jump(at));
		}
		return e;
	};
	// link returns a link, or a text if it is no web address.
	const link = (address) => {
		if (!/^https?:\/\//i.test(address)) {
			return el("span", "", address);
		}
		const a = el("a", "", address.length > 120 ? address.slice(0, 120) + "…" : address);
		a.href = address;
		a.rel = "noopener noreferrer";
		a.target = "_blank";
		return a;
	};
	const sizeOf = (bytes) => {
		if (!bytes) {
			return "size not known";
		}
		const step = Math.min(4, Math.floor(Math.log10(bytes) / 3));
		return step ? Number((bytes / 1000 ** step).toPrecision(3)) + " " + ["", "kB", "MB", "GB", "TB"][step] : bytes + " bytes";
	};
	const cardOf = (m) => {
		const kind = m.k || m.w || "file", card = el("div", "file", icon(icons[kind] || "file")), body = el("div", "");
		if (m.f) {
			body.append(foreign("div", "name", m.f.n || kindNames[kind] || kind), el("div", "size", (kindNames[kind] || kind) + " · " + sizeOf(m.f.s)));
			if (m.f.u) {
				body.append(el("div", "size", link(m.f.u)));
			}
		} else if (m.l) {
			body.append(el("div", "name", "Location"), el("div", "size", m.l.latitude + ", " + m.l.longitude));
		} else {
			body.append(foreign("div", "name", m.c.name || "Contact"), foreign("div", "size", m.c.phone || ""));
		}
		card.append(body);
		return card;
	};
	const postOf = (post) => {
		const e = el("div", "post", el("div", "size", "Comment on a post" + (post.username ? " of " : ""), foreign("bdi", "", post.username || "")));
		if (post.caption) {
			e.append(foreign("div", "", post.caption));
		}
		e.append(el("div", "size", link(post.url || "")));
		return e;
	};

	// The parts of the page: the address says which is shown, so that the browser goes back.
	const route = () => {
		const hash = location.hash, chat = /^#c\d+$/.test(hash) && chats[Number(hash.slice(2))];
		const wide = matchMedia("(min-width: 761px)").matches;
		document.body.dataset.view = chat ? "chat" : hash === "#conversations" ? "list" : "overview";
		if (chat) {
			byID("overview").hidden = true;
			byID("chat").hidden = false;
			openChat(chat);
		} else if (hash !== "#conversations" || !wide) {
			byID("overview").hidden = false;
			byID("chat").hidden = true;
		}
		for (const [id, is] of [["to-overview", !chat && hash !== "#conversations"], ["to-list", hash === "#conversations"]]) {
			byID(id).toggleAttribute("aria-current", is);
			if (is) {
				byID(id).setAttribute("aria-current", "page");
			}
		}
	};
	window.addEventListener("hashchange", route);
	document.addEventListener("keydown", (event) => {
		if (event.key === "Escape" && document.body.dataset.view === "chat") {
			const row = list.querySelector("[aria-current]");
			location.hash = "#conversations";
			if (row) {
				row.focus();
			}
		} else if (event.key === "/" && !/^(INPUT|SELECT)$/.test(event.target.tagName)) {
			event.preventDefault();
			location.hash = "#conversations";
			search.focus();
		}
	});
	// Before it is printed, a conversation is shown from its beginning.
	window.addEventListener("beforeprint", () => {
		if (open && document.body.dataset.view === "chat") {
			render(0, open.messages.length);
		}
	});
	filter();
	route();
})();
