// Times under the pointer, and what is read off the signal between two of them.

import { LEFT, RIGHT } from './drawing.js';

export function timeAt(view, x, width) {
  const [from, to] = [LEFT, width - RIGHT];
  return view.start + (Math.min(Math.max(x, from), to) - from) / (to - from) * view.seconds;
}

// Duration, amplitude and frequency of what lies between two times in one row.
export function measure(trace, from, to) {
  let [low, high, crossings, last] = [Infinity, -Infinity, 0, 0];
  const inside = [];
  for (let k = 0; k < trace.count; k++) {
    const at = trace.first_s + k * trace.step_s;
    if (at < from || at > to) continue;
    for (let c = 0; c < trace.columns; c++) {
      const value = trace.values[k * trace.columns + c];
      if (Number.isNaN(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    inside.push(trace.values[k * trace.columns]);
  }
  if (high < low) return null;
  const mean = (low + high) / 2;
  for (const value of inside) {
    const sign = Math.sign(value - mean);
    if (sign && last && sign !== last) crossings += 1;
    if (sign) last = sign;
  }
  return { seconds: to - from, amplitude: high - low, hz: trace.columns === 1 ? crossings / 2 / (to - from) : null };
}
