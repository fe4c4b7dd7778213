// Walking the night: keys, buttons, the hypnogram, the address, and the list of epochs to review.

(() => {
  const $ = (id) => document.getElementById(id);
  const make = Night.make;
  let current = 0, todo = [], latest = 0, address = 0;

  const pad = (value) => String(value).padStart(2, "0");
  const time = (epoch) => {
    const { clock_s: clock, epoch_s: length } = Night.meta;
    const all = Math.floor((clock === null ? 0 : clock) + epoch * length + 1e-6);
    const hours = Math.floor(all / 3600);
    return (clock === null ? hours : pad(hours % 24)) + ":" + pad(Math.floor(all / 60) % 60) + ":" + pad(all % 60);
  };
  const clamp = (epoch) => Math.max(0, Math.min(Night.meta.stages.length - 1, epoch));
  const confidence = (epoch) => {
    const row = Night.meta.probabilities[epoch];
    return row ? Math.max(...row).toFixed(2) : "";
  };

  // What the second reader says of an epoch, in words; nothing where there is no second reader.
  const second = (epoch) => {
    const { second: other, stages } = Night.meta;
    if (!other) return "";
    const sure = other.confidence[epoch] === null ? "" : " " + other.confidence[epoch].toFixed(2);
    const differs = other.stages[epoch] !== stages[epoch] && other.stages[epoch] !== "?" && stages[epoch] !== "?";
    return `${other.reader} ${other.stages[epoch]}${sure}${differs ? ", differs" : ""}`;
  };

  const fromAddress = () => {
    const addressMatch = /^#epoch=(\d+)$/.exec(location.hash);
    return addressMatch ? clamp(Number(addressMatch[1]) - 1) : null;
  };

  function go(epoch, { keepAddress = false } = {}) {
    current = clamp(epoch);
    clearTimeout(address); // browsers refuse an address that changes too often
    if (!keepAddress) address = setTimeout(() => history.replaceState(null, "", "#epoch=" + (current + 1)), 200);
    showPlace();
    const ticket = ++latest; // only the last epoch asked for is drawn
    requestAnimationFrame(async () => {
      const chunk = await Night.chunk(current);
      if (ticket === latest) showEpoch(chunk);
    });
  }

  function showPlace() {
    const { stages } = Night.meta, stage = stages[current];
    const sure = confidence(current);
    $("epoch-title").replaceChildren(`Epoch ${current + 1} `, Night.badge(stage), ` ${sure}`, make("span", { className: "soft" }, ` ${time(current)}`));
    $("go-to").value = current + 1;
    $("cursor").style.left = (100 * (current + 0.5)) / stages.length + "%";
    $("overlay").setAttribute("aria-valuenow", current + 1);
    $("overlay").setAttribute("aria-valuetext", `epoch ${current + 1}, ${time(current)}, ${stage} ${sure} ${second(current)}`.trim());
    $("go-back").disabled = current === 0;
    $("go-on").disabled = current === stages.length - 1;
    showStrip(stages);
    for (const row of document.querySelectorAll("#review-list tbody tr")) {
      const [first, , , last] = Night.meta.review[row.sectionRowIndex];
      if (first <= current && current <= last) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  function showStrip(stages) {
    const reach = innerWidth < 700 ? 5 : innerWidth < 1200 ? 10 : 15;
    const items = [];
    for (let epoch = current - reach; epoch <= current + reach; epoch++) {
      if (epoch < 0 || epoch >= stages.length) { items.push(make("li", {})); continue; }
      const stage = stages[epoch], isTodo = todo.includes(epoch);
      const button = make("button", { type: "button", className: (stage === "?" ? "none" : "back-" + stage) + (isTodo ? " todo" : ""), tabIndex: -1, title: `Epoch ${epoch + 1}, ${time(epoch)}, ${stage} ${confidence(epoch)}${isTodo ? ", to review" : ""}` }, stage);
      button.setAttribute("aria-label", button.title);
      if (epoch === current) { button.setAttribute("aria-current", "true"); button.tabIndex = 0; }
      button.addEventListener("click", () => go(epoch));
      items.push(make("li", {}, button));
    }
    $("strip").replaceChildren(...items);
  }

  function showEpoch(chunk) {
    const details = chunk.details[current - chunk.first], stage = Night.meta.stages[current];
    const events = Night.events(current, details), traces = Night.traces(chunk, current), notes = details.signal, weights = details.weights;
    Night.current = Night.view(current, { traces, events, notes, weights });
    showPicture();
    $("signal").replaceChildren(...Night.signalNotes(current, notes));
    $("votes").replaceChildren(...Night.votes(current));
    const elsewhere = [...new Set(events.map((event) => event.elsewhere).filter(Boolean))];
    $("elsewhere").textContent = elsewhere.length ? `* measured on ${elsewhere.join(", ")}, which is not shown. ` : "";
    $("overlaid").textContent = details.weights ? Night.meta.overlay + ". " : "";
    $("probabilities").replaceChildren(...Night.probabilities(Night.meta.probabilities[current], stage));
    if ($("second")) $("second").textContent = "Second reader: " + second(current);
    const flagged = Night.meta.review.find(([first, , , last]) => first <= current && current <= last);
    $("flags").textContent = flagged && flagged[2].length ? "⚑ " + flagged[2].join("; ") : "";
    $("why").replaceChildren(...Night.why(details.why, stage), ...(details.why ? [] : Night.supported(details.found)));
    $("found").replaceChildren(...Night.found(details.found, Boolean(details.why)));
    document.documentElement.dataset.epoch = current + 1; // what a test of the page can wait for
  }

  function showPicture() {
    const { rows, events } = Night.current, names = rows.map((row) => row.name).join(", ");
    const width = Math.max(280, Math.floor($("picture").clientWidth));
    Night.picture($("picture"), Night.current, width, `Signal traces of epoch ${current + 1}: ${names}; ${events.length} events boxed`, Night.zoom);
    $("zoom-state").textContent = Night.zoomWords(Night.zoom);
  }

  function review(direction) {
    const inTime = [...todo].sort((a, b) => a - b);
    const next = direction > 0 ? inTime.find((epoch) => epoch > current) : inTime.reverse().find((epoch) => epoch < current);
    if (next !== undefined) go(next);
  }

  function chooseShare(count) {
    todo = Night.meta.review.filter(([, rank, reasons]) => rank < count || reasons.length).map(([epoch]) => epoch);
    document.querySelectorAll("#review-list tbody tr").forEach((row, index) => {
      const [, rank, reasons] = Night.meta.review[index];
      row.hidden = rank >= count && !reasons.length;
    });
    const { unstaged } = Night.meta; // hatched, not marked
    if ($("n-least")) $("n-least").textContent = count - unstaged;
    const least = Night.meta.review.filter(([, rank]) => rank >= unstaged && rank < count);
    $("review-ticks").setAttribute("d", least.map(([epoch]) => `M${epoch + 0.5} 0V100`).join(""));
  }

  function onKey(event) {
    if (!$("keys").checked || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest("input:not([type=checkbox]), .sideways")) return;
    if (event.target.closest(".scroll") && (event.key === "Home" || event.key === "End")) return; // they scroll the list
    const moves = {
      ArrowLeft: () => go(current - 1), ArrowRight: () => go(current + 1), Home: () => go(0),
      End: () => go(Night.meta.stages.length - 1), n: () => review(1), p: () => review(-1),
      "+": zooms.larger, "-": zooms.smaller, "[": zooms.closer, "]": zooms.wider, i: zooms.polarity, "{": zooms.earlier, "}": zooms.later,
    };
    if (moves[event.key]) { moves[event.key](); event.preventDefault(); }
  }

  function listenToHypnogram() {
    const overlay = $("overlay"), ghost = $("ghost"), tip = $("tip");
    const epochAt = (event) => {
      const box = overlay.getBoundingClientRect();
      return clamp(Math.floor(((event.clientX - box.left) / box.width) * Night.meta.stages.length));
    };
    let isDown = false;
    overlay.addEventListener("pointerdown", (event) => { isDown = true; go(epochAt(event)); });
    addEventListener("pointerup", () => { isDown = false; });
    overlay.addEventListener("pointermove", (event) => {
      const epoch = epochAt(event), percent = (100 * (epoch + 0.5)) / Night.meta.stages.length;
      if (isDown) go(epoch);
      ghost.hidden = tip.hidden = false;
      ghost.style.left = tip.style.left = percent + "%";
      tip.classList.toggle("left", percent > 60);
      tip.textContent = `${time(epoch)} epoch ${epoch + 1} ${Night.meta.stages[epoch]} ${confidence(epoch)} ${second(epoch)}`.trim();
    });
    overlay.addEventListener("pointerleave", () => { ghost.hidden = tip.hidden = true; });
  }

  // The epochs to review first, for paper.
  async function fillPrinted() {
    const staged = Night.meta.review.filter(([, rank]) => rank >= Night.meta.unstaged); // others have no picture
    const first = staged.slice(0, Night.meta.printed).map(([epoch]) => epoch);
    const articles = [make("h2", {}, "Epochs to review first")], pictures = [];
    for (const epoch of first) {
      const chunk = await Night.chunk(epoch), details = chunk.details[epoch - chunk.first], stage = Night.meta.stages[epoch];
      const row = Night.meta.probabilities[epoch];
      const shares = row ? ["W", "N1", "N2", "N3", "R"].map((name, index) => `${name} ${row[index].toFixed(2)}`).join("  ") : "";
      const picture = make("div", { className: "picture" });
      pictures.push([picture, Night.view(epoch, { traces: Night.traces(chunk, epoch), events: Night.events(epoch, details), notes: details.signal, weights: details.weights }), epoch]);
      articles.push(make("article", {}, make("h3", {}, `Epoch ${epoch + 1}, ${time(epoch)} `, Night.badge(stage), ` ${shares}`), picture,
        ...(details.why ? [make("p", {}, details.why.text), make("p", {}, Night.claims(details.why))] : [])));
    }
    $("printed").replaceChildren(...articles);
    for (const [picture, view, epoch] of pictures) Night.picture(picture, view, 1000, `Signal traces of epoch ${epoch + 1}`);
  }

  function legend() {
    const traced = Night.meta.panels.filter((panel) => panel.kind);
    const descriptions = traced.map((panel) => {
      const [low, high] = panel.band;
      const top = panel.highest && (high === null || panel.highest < high) ? panel.highest : high;
      const accuracy = panel.kind === "envelope" ? "lowest and highest of every 0.1 s" : `true to ${panel.error === null ? "?" : panel.error.toFixed(1)} µV rms`;
      const note = panel.channels[0].note ? "; " + panel.channels[0].note : "";
      const names = panel.channels.filter((_, place) => !place || panel.shown.includes(place)).map(({ name }) => name);
      return `${names.join(" or ")}: ${low === null ? 0 : low}–${top === null ? "" : top} Hz, ${accuracy}${note}`;
    });
    $("details").textContent = descriptions.join(". ") + ".";
    $("legend").textContent = "Gain and polarity stand beside each row: negative is up, as usual in sleep medicine, unless you turn it. Dashed lines: 75 µV apart.";
  }

  const LENGTHS = [5, 10, 15, 30], LONGEST = 30;

  // Shows a part of the epoch, in seconds after its start.
  function zoomTo(seconds, start) {
    change({ seconds, start: Math.min(LONGEST - seconds, Math.max(0, start)) });
  }
  function change(zoom) {
    Object.assign(Night.zoom, zoom);
    showPicture();
  }
  const zooms = {
    larger: () => change({ gain: Night.zoom.gain / 1.25 }),
    smaller: () => change({ gain: Night.zoom.gain * 1.25 }),
    closer: () => zoomTo(LENGTHS[LENGTHS.indexOf(Night.zoom.seconds) - 1] ?? LENGTHS[0], Night.zoom.start),
    wider: () => zoomTo(LENGTHS[LENGTHS.indexOf(Night.zoom.seconds) + 1] ?? LONGEST, Night.zoom.start),
    polarity: () => change({ negative_up: !Night.zoom.negative_up }),
    earlier: () => zoomTo(Night.zoom.seconds, Night.zoom.start - Night.zoom.seconds),
    later: () => zoomTo(Night.zoom.seconds, Night.zoom.start + Night.zoom.seconds),
  };

  async function begin() {
    if (!("DecompressionStream" in window)) {
      $("fallback").textContent = "This browser cannot unpack the epochs' pictures: open the page with Chrome or Edge 80, Firefox 113, Safari 16.4 or newer. The night above and the tables below need nothing more.";
      return;
    }
    await Night.load();
    $("viewer").hidden = $("controls").hidden = $("overlay").hidden = false;
    $("fallback").remove();
    chooseShare(Night.meta.count);
    legend();
    $("go-back").addEventListener("click", () => go(current - 1));
    $("go-on").addEventListener("click", () => go(current + 1));
    $("review-back").addEventListener("click", () => review(-1));
    $("review-on").addEventListener("click", () => review(1));
    $("go-to").addEventListener("change", (event) => go(Number(event.target.value) - 1));
    for (const radio of document.querySelectorAll("input[name=share]")) {
      radio.addEventListener("change", () => { chooseShare(Number(radio.value)); showPlace(); });
    }
    for (const [name, zoom] of Object.entries(zooms)) $(`zoom-${name}`).addEventListener("click", zoom);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showPicture);
    addEventListener("keydown", onKey);
    addEventListener("hashchange", () => {
      const epoch = fromAddress();
      if (epoch === null) return;
      go(epoch, { keepAddress: true });
      $("epochs").scrollIntoView({ block: "nearest" });
    });
    let width = innerWidth;
    addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; go(current, { keepAddress: true }); } });
    listenToHypnogram();
    const linked = fromAddress(), first = Night.meta.review.length ? Night.meta.review[0][0] : 0;
    go(linked === null ? first : linked, { keepAddress: true });
    setTimeout(fillPrinted, 100); // soon, so that printing at once finds them, but after the first epoch is drawn
  }

  begin().catch((error) => {
    const fallback = $("fallback");
    if (fallback) fallback.textContent = "The epochs' pictures could not be unpacked; the file may be damaged. Write the report again.";
    throw error;
  });
})();
