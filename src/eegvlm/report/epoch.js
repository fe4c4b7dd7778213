// What stands beside an epoch's picture: probabilities, the rationale with its verdicts, measured findings.

(() => {
  const STAGES = ["W", "N1", "N2", "N3", "R"];
  const VERDICTS = { confirmed: ["✓", "confirmed"], contradicted: ["✗", "contradicted"], not_measurable: ["?", "not measurable"] };
  // A model may say anything, "constructor" included: only a table's own words count.
  const entry = (table, key, otherwise) => (Object.hasOwn(table, key) ? table[key] : otherwise);
  // The short label and the modality of an event's kind, from the table of kinds.
  const labelOf = (kind) => entry(Night.meta.kinds, kind, [kind])[0];
  const modalityOf = (kind) => entry(Night.meta.kinds, kind, ["", "eeg"])[1];

  // Elements by tag, properties and children; texts are only ever text.
  const make = (tag, properties, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  Night.make = make;

  const micro = (unit) => (unit === "uV" ? "µV" : unit || "");
  const number = (value) => (Number.isInteger(value) ? String(value) : Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2));

  // A value of a rationale in words, whatever it is.
  const words = (value, unit) => {
    if (value === null || value === undefined || value === "") return "–";
    if (typeof value === "number") return (number(value) + " " + micro(unit)).trim();
    if (Array.isArray(value)) return value.map((item) => words(item, "")).join(", ");
    if (typeof value === "object") return Object.entries(value).map(([key, item]) => key.replaceAll("_", " ") + " " + words(item, key === "value" ? unit : "")).join(", ");
    return (String(value) + " " + micro(unit)).trim();
  };

  const when = (start, end) => {
    if (start === null || start === undefined) return "";
    if (end === null || end === undefined) return "from " + start.toFixed(1) + " s";
    return start <= 0 && end >= 30 ? "whole epoch" : start.toFixed(1) + "–" + end.toFixed(1) + " s";
  };

  // A channel may be named, or called by its role as rationales do: "central EEG", "EEG" for the only one.
  const belongs = (panel, epoch, channel) => {
    const channelRead = Night.shown(panel, epoch);
    return channelRead && (channel === channelRead.name || channel === channelRead.words || channel === panel.modality.toUpperCase());
  };

  // Panels in which an event lies: those of its channel; without one the eyes' for eye movements; else the first of EEG.
  const panelsOf = (epoch, kind, channel) => {
    const panels = Night.meta.panels.map((panel, index) => [panel, index]).filter(([panel]) => Night.shown(panel, epoch));
    const itsOwn = panels.filter(([panel]) => channel && belongs(panel, epoch, channel));
    if (itsOwn.length) return itsOwn.map(([, index]) => index);
    const modality = modalityOf(kind);
    const like = panels.filter(([panel]) => panel.modality === modality && !panel.lead).map(([, index]) => index);
    return channel ? like.slice(0, 1) : like;
  };

  const isShown = (epoch, channel) => !channel || Night.meta.panels.some((panel) => belongs(panel, epoch, channel));

  // Where a claim's events lie: as it says or, where it says only an onset, as measured there.
  const placesOf = (claim, findings) => {
    const stated = [[claim.channel, claim.start, claim.end]];
    if (!findings || claim.start === null || claim.end !== null) return stated;
    const alike = findings.events.filter(([kind]) => kind === claim.kind).map(([, channel, start, end]) => [channel, start, end]);
    const far = ([, start]) => Math.abs(start - claim.start);
    const first = [...alike].sort((a, b) => far(a) - far(b))[0];
    if (!first || far(first) > 1) return stated;
    return claim.count > 1 ? alike.filter(([, start]) => start >= first[1]).slice(0, claim.count) : [first];
  };

  // Events to box: claims that lie within the epoch where there is a rationale, else what was measured.
  Night.events = (epoch, details) => {
    const events = [];
    const put = (kind, channel, start, end, tag, verdict, numbered) => {
      if (start === null || start < 0 || start >= 30 || (start <= 0.01 && end >= 29.99)) return;
      const elsewhere = isShown(epoch, channel) ? null : channel; // a star sends the reader to the legend
      const label = elsewhere ? tag + "*" : tag;
      for (const panel of panelsOf(epoch, kind, channel)) events.push({ panel, start, end: end === null ? start : Math.min(end, 30), tag: label, verdict, number: numbered, elsewhere });
    };
    if (details.why) {
      details.why.claims.forEach((claim, index) => {
        const verdict = Object.hasOwn(VERDICTS, claim.verdict) ? claim.verdict : "not_measurable";
        for (const [channel, start, end] of placesOf(claim, details.found)) {
          put(claim.kind, channel, start, end, index + 1 + " " + VERDICTS[verdict][0], verdict, true);
        }
      });
    } else if (details.found) {
      for (const [kind, channel, start, end] of details.found.events) put(kind, channel, start, end, labelOf(kind), "", false);
    }
    return events;
  };

  Night.badge = (stage) => make("b", { className: "stage " + (STAGES.includes(stage) ? "back-" + stage : "none") }, stage);

  Night.probabilities = (row, stage) => {
    if (!row) return [make("p", { className: "soft" }, stage === "?" ? "unscored: no probabilities" : "no probabilities")];
    return STAGES.map((name, index) => {
      const fill = make("div", { className: "back-" + name });
      fill.style.width = 100 * row[index] + "%";
      return make("div", { className: "probability" + (name === stage ? " chosen" : "") },
        Night.badge(name), make("div", { className: "rail" }, fill), make("span", { className: "value" }, row[index].toFixed(3)));
    });
  };

  // What was read elsewhere, not at all, or in spite of its quality: one line for the panels of which the same is true.
  Night.signalNotes = (epoch, notes) => {
    const lines = new Map();
    for (const [index, note] of Object.entries(notes || {})) {
      const panel = Night.meta.panels[index], source = Night.shown(panel, epoch), parts = [];
      const isVote = panel.modality === "eeg" && Night.meta.votes.length > 0; // several are read, one is shown
      if (note.missing) parts.push(note.missing);
      if (note.instead) parts.push(`${source.name} is ${isVote ? "shown" : "read"}, as ${note.instead[0]} is not usable here (${note.instead[1]})`);
      if (note.doubtful) parts.push(`${source.name} is doubtful here (${note.doubtful}), and read all the same`);
      const text = parts.join("; "), kind = note.missing ? "missing" : note.instead ? "instead" : "soft";
      if (!lines.has(text)) lines.set(text, [kind, []]);
      lines.get(text)[1].push(panel.name);
    }
    return [...lines].map(([text, [kind, panels]]) => make("li", { className: kind }, `${panels.join(", ")}: ${text}`));
  };

  // What each derivation says by itself, where several voted.
  Night.votes = (epoch) => {
    const { votes, stages } = Night.meta;
    if (!votes.length) return [];
    const rows = votes.map(({ reader, stages: answers, confidence }) => {
      const differs = answers[epoch] !== "?" && answers[epoch] !== stages[epoch];
      return cells(reader, Night.badge(answers[epoch]), confidence[epoch] === null ? "–" : confidence[epoch].toFixed(2), make("span", { className: "differs-from" }, differs ? "differs" : ""));
    });
    return [table("Each derivation by itself", ["derivation", "stage", "p", ""], rows)];
  };

  const table = (caption, head, rows) => {
    const header = make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)));
    return make("table", {}, make("caption", {}, caption), make("thead", {}, header), make("tbody", {}, ...rows));
  };
  const cells = (first, ...rest) => make("tr", {}, make("th", { scope: "row" }, first), ...rest.map((content) => make("td", {}, content)));

  const rules = (pairs) => make("ul", { className: "rules" }, ...pairs.map(([id, text]) => make("li", {}, make("b", {}, id), " " + text)));

  Night.why = (why, stage) => {
    if (!why) return [];
    const parts = [make("h3", {}, "Why " + (why.stage || stage))], checked = [];
    if (why.stage && why.stage !== stage) parts.push(make("p", { className: "flags" }, "The rationale argues for " + why.stage + "; the stage is " + stage + "."));
    parts.push(make("p", { className: "why-text" }, why.text || "No text."));
    if (why.rules.length) parts.push(rules(why.rules));
    if (why.claims.length) checked.push(table("Claims against the signal", ["#", "claim", "measured", "verdict"], why.claims.map(claimRow)));
    if (why.unread.length) parts.push(make("p", { className: "flags" }, "Not checked, as no rule reads it: " + why.unread.join(" ")));
    if (Night.meta.grounded) checked.push(make("p", { className: "soft small-print" }, "The model chose among statements that were measured to hold: the marks confirm the measurement, not that the model saw it."));
    if (why.faithfulness !== null && why.faithfulness !== undefined) checked.push(make("p", { className: "soft small-print" }, "Confirmed among the claims that could be measured: " + (typeof why.faithfulness === "number" ? (100 * why.faithfulness).toFixed(0) + " %" : words(why.faithfulness, ""))));
    return [make("div", {}, ...parts), make("div", {}, ...checked)];
  };

  function claimRow(claim, index) {
    const [mark, word] = entry(VERDICTS, claim.verdict, ["?", String(claim.verdict || "not checked")]);
    const kind = Object.hasOwn(VERDICTS, claim.verdict) ? claim.verdict : "unknown";
    const place = [claim.channel, when(claim.start, claim.end)].filter(Boolean).join(", ");
    const statement = make("span", {}, claimed(claim), place ? make("br", {}) : null, place ? make("span", { className: "soft" }, place) : null);
    const verdict = make("span", { className: "verdict " + kind }, mark + " " + word);
    return cells(String(index + 1), statement, words(claim.measured, claim.unit), verdict);
  }

  // What a claim says, without where.
  const claimed = (claim) => {
    const parts = [claim.negated ? "no" : "", claim.count ? String(claim.count) + " ×" : "", claim.kind, claim.band, claim.label, entry({ ">=": "≥", "<=": "≤" }, claim.bound, claim.bound)];
    const value = claim.value === undefined || claim.value === null ? "" : words(claim.value, claim.unit);
    return [...parts, value].filter(Boolean).join(" ");
  };

  // The claims in one line, for paper.
  Night.claims = (why) => why.claims.map((claim, index) => {
    const [mark, word] = entry(VERDICTS, claim.verdict, ["?", String(claim.verdict || "not checked")]);
    return `${index + 1} ${claimed(claim)}: ${mark} ${word}, measured ${words(claim.measured, claim.unit)}`;
  }).join("; ");

  Night.found = (findings, isFolded) => {
    if (!findings) return [];
    const bands = Night.meta.bands, head = ["channel", "dominant rhythm", "amplitude", "slow waves", ...bands.map((band) => band + " %")];
    const eeg = findings.whole.filter((row) => row.rhythm || row.amplitude || row.slow_wave_share);
    const whole = eeg.length ? table("Over the whole epoch", head, eeg.map((row) => cells(row.channel, row.rhythm || "–", row.amplitude || "–", row.slow_wave_share || "–", ...bands.map((_, k) => row.power[k] || "–")))) : null;
    const tones = findings.whole.filter((row) => row.chin_tone).map((row) => make("p", { className: "tone" }, `Chin tone (${row.channel}): ${row.chin_tone} of the night's median.`));
    const events = findings.events.length ? table("Events", ["event", "channel", "number", "when and how much"], grouped(findings.events)) : null;
    const parts = [whole ? scroller(whole, "Findings over the whole epoch") : null, ...tones, events].filter(Boolean);
    if (!isFolded) return [make("h3", {}, "Measured findings"), ...parts];
    return [make("details", {}, make("summary", {}, "All measured findings"), ...parts)];
  };

  // Events of one kind on one channel in one row.
  function grouped(events) {
    const groups = new Map();
    for (const [kind, channel, start, end, value] of events) {
      const key = kind + "|" + channel;
      if (!groups.has(key)) groups.set(key, [kind, channel || "eyes", []]);
      groups.get(key)[2].push(`${when(start, end)} ${value}`);
    }
    return [...groups.values()].map(([kind, channel, occurrences]) => cells(kind, channel, String(occurrences.length), occurrences.join("; ")));
  }

  Night.supported = (findings) => {
    if (!findings || !findings.rules.length) return [];
    return [make("h3", {}, "Rules that the findings support"), rules(findings.rules.map((id) => [id, Night.meta.rules[id] || ""]))];
  };

  // A wide table scrolls by itself; the page does not.
  function scroller(table, label) {
    const box = make("div", { className: "sideways", tabIndex: 0 }, table);
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", label);
    return box;
  }
})();
