"use strict";
// The night's data: gzip in base64, unpacked a chunk of epochs at a time, and traces out of rounded cosines.

const Night = {};

(() => {
  const HZ = 80; // points a second of a drawn trace: more than the highest frequency kept needs
  const chunks = new Map();
  let cosines = null;

  const bytesOf = (id) => {
    const text = atob(document.getElementById(id).textContent.trim());
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  };

  const gunzip = (bytes) =>
    new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

  const json = async (id) => JSON.parse(new TextDecoder().decode(await gunzip(bytesOf(id))));

  Night.load = async () => { Night.meta = await json("meta"); };

  // Details and packed numbers of the epoch's chunk; unpacked once.
  Night.chunk = (epoch) => {
    const number = Math.floor(epoch / Night.meta.chunk);
    if (!chunks.has(number)) {
      chunks.set(number, Promise.all([gunzip(bytesOf("traces-" + number)), json("details-" + number)]).then(
        ([traces, details]) => ({ first: number * Night.meta.chunk, count: details.length, traces: new Uint8Array(traces), details })));
    }
    return chunks.get(number);
  };

  // The channel that a panel shows in an epoch; null where none is usable there.
  Night.shown = (panel, epoch) => panel.channels[panel.kind ? panel.shown[epoch] : -1] || null;

  // Each panel's trace in microvolt: {points} evenly over 30 s, or {low, high} of every bin; null without signal.
  Night.traces = (chunk, epoch) => {
    let offset = 0;
    return Night.meta.panels.map((panel) => {
      if (!panel.kind) return null;
      const at = offset, size = panel.numbers * chunk.count;
      offset += 2 * size;
      if (!Night.shown(panel, epoch)) return null;
      const column = epoch - chunk.first;
      const number = (k) => {
        const i = at + k * chunk.count + column, folded = chunk.traces[i] | (chunk.traces[i + size] << 8);
        return (folded >>> 1) ^ -(folded & 1);
      };
      return panel.kind === "wave" ? wave(panel, number) : envelope(panel, number);
    });
  };

  function envelope(panel, number) {
    const ends = [new Float32Array(Night.meta.bins), new Float32Array(Night.meta.bins)];
    for (let k = 0; k < panel.numbers; k++) {
      const q = number(k);
      ends[k & 1][k >> 1] = Math.sign(q) * q * q * panel.weight;
    }
    return { low: ends[0], high: ends[1] };
  }

  function wave(panel, number) {
    const n = 30 * HZ, period = 4 * n;
    if (!cosines) cosines = Float32Array.from({ length: period }, (_, i) => Math.cos((Math.PI * i) / (2 * n)));
    const points = new Float32Array(n);
    for (let k = 0; k < panel.numbers; k++) {
      const q = number(k);
      if (!q) continue;
      const weight = q * panel.weight * (k ? 1 : Math.SQRT1_2), step = (2 * k) % period;
      for (let i = 0, at = k; i < n; i++) {
        points[i] += weight * cosines[at];
        at += step;
        if (at >= period) at -= period;
      }
    }
    return { points };
  }
})();
