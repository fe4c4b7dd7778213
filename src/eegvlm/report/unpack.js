"use strict";
// The night's data: gzip in letters, unpacked a chunk of epochs at a time, and traces out of rounded cosines.

const Night = {};

(() => {
  const HZ = 80; // points a second of a drawn trace: more than the highest frequency kept needs
  const chunks = new Map();
  let cosines = null;

  // The letters: printable, and none that HTML reads.
  const placeOf = new Uint8Array(128);
  for (let code = 33, place = 0; code < 127; code++) if (!"&<\\".includes(String.fromCharCode(code))) placeOf[code] = place++;

  const bytesOf = (id) => {
    const text = document.getElementById(id).textContent.trim();
    const bytes = new Uint8Array(((text.length - 1) / 2 * 13 >> 3) - Number(text[0]));
    let held = 0, bits = 0, at = 0; // 13 bits in two letters; the first letter counts bytes of padding
    for (let i = 1; i < text.length; i += 2) {
      held = (held << 13) | (placeOf[text.charCodeAt(i)] * 91 + placeOf[text.charCodeAt(i + 1)]);
      bits += 13;
      while (bits >= 8) {
        bits -= 8;
        if (at < bytes.length) bytes[at++] = held >>> bits;
      }
      held &= (1 << bits) - 1;
    }
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
        ([traces, details]) => ({ first: number * Night.meta.chunk, count: details.length, numbers: numbersOf(new Uint8Array(traces), details.length), details })));
    }
    return chunks.get(number);
  };

  // The channel that a panel shows in an epoch; null where none is usable there.
  Night.shown = (panel, epoch) => panel.channels[panel.kind ? panel.shown[epoch] : -1] || null;

  // The whole numbers of each panel, row by row: see report/packed_numbers.py.
  const SHARED = [[1, 5], [2, 3], [7, 2]];
  const unfold = (folded) => (folded >>> 1) ^ -(folded & 1);

  function numbersOf(bytes, count) {
    let at = 0;
    return Night.meta.panels.map((panel) => {
      if (!panel.kind) return null;
      const rows = panel.numbers, kinds = bytes.subarray(at, at + rows), numbers = new Int16Array(rows * count);
      at += rows;
      SHARED.forEach(([limit, per], kind) => {
        const base = 2 * limit + 1;
        for (let row = 0; row < rows; row++) {
          if (kinds[row] !== kind) continue;
          for (let first = 0; first < count; first += per) {
            for (let k = per - 1, symbol = bytes[at++]; k >= 0; k--, symbol = Math.floor(symbol / base)) {
              if (first + k < count) numbers[row * count + first + k] = (symbol % base) - limit;
            }
          }
        }
      });
      const size = kinds.filter((kind) => kind === 4).length * count;
      for (let row = 0; row < rows; row++) if (kinds[row] === 3) for (let k = 0; k < count; k++) numbers[row * count + k] = unfold(bytes[at++]);
      for (let row = 0; row < rows; row++) if (kinds[row] === 4) for (let k = 0; k < count; k++, at++) numbers[row * count + k] = unfold(bytes[at] | (bytes[at + size] << 8));
      at += size;
      return numbers;
    });
  }

  // Each panel's trace in microvolt: {points} evenly over 30 s, or {low, high} of every bin; null without signal.
  Night.traces = (chunk, epoch) => {
    const column = epoch - chunk.first;
    return Night.meta.panels.map((panel, place) => {
      if (!panel.kind || !Night.shown(panel, epoch)) return null;
      const number = (k) => chunk.numbers[place][k * chunk.count + column];
      return panel.kind === "wave" ? wave(panel, number) : envelope(panel, number);
    });
  };

  function envelope(panel, number) {
    const ends = [new Float32Array(Night.meta.bins), new Float32Array(Night.meta.bins)];
    const last = [0, 0]; // differences from the bin before
    for (let k = 0; k < panel.numbers; k++) {
      const q = (last[k & 1] += number(k));
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
