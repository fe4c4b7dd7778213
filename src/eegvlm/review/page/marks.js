// Marks that a scorer put: choosing one, its edges, moving it, changing its kind, taking it away.

import { LEFT, RIGHT } from './drawing.js';
import { at, length, note, page } from './state.js';
import { edit } from './changes.js';
import { draw } from './view.js';

const GRIP = 6; // pixels on either side of an edge

export const kindWords = (kind) => kind.replace('k_complex', 'K-complex');
export const chosenMark = () => page.state.marks.find((one) => one.id === page.mark) ?? null;
// Marks as they are drawn: the one under the pointer where it is dragged to.
export const drawnMarks = () => page.state.marks.map((one) => ({ ...one, ...(page.dragged?.id === one.id ? page.dragged : {}), isChosen: one.id === page.mark }));

// The shortest mark at a time, so that one inside another can be reached.
export const markAt = (seconds) =>
  page.state.marks.filter((one) => one.start_s <= seconds && seconds <= one.stop_s).sort((a, b) => a.stop_s - a.start_s - (b.stop_s - b.start_s))[0] ?? null;

// What a press of the pointer takes hold of: an edge or the inside of the chosen mark, with Shift the inside of any.
export function grip(seconds, width, withShift) {
  if (page.state.signature) return null;
  const chosen = chosenMark();
  const near = GRIP * length() / (width - LEFT - RIGHT);
  if (chosen) {
    const [start, stop] = [Math.abs(seconds - chosen.start_s), Math.abs(seconds - chosen.stop_s)];
    if (Math.min(start, stop) <= near) return { mark: chosen, part: start < stop ? 'start_s' : 'stop_s' };
    if (chosen.start_s < seconds && seconds < chosen.stop_s) return { mark: chosen, part: 'all' };
  }
  const under = withShift ? markAt(seconds) : null;
  return under && { mark: under, part: 'all' };
}

export function dragMark({ mark, part }, by) {
  const [first, last] = [0, 30 * page.state.stages.length];
  let [start, stop] = [mark.start_s, mark.stop_s];
  if (part === 'all') {
    const shift = Math.min(Math.max(by, first - start), last - stop);
    [start, stop] = [start + shift, stop + shift];
  } else {
    const edge = Math.min(Math.max(mark[part] + by, first), last);
    [start, stop] = (part === 'start_s' ? [edge, stop] : [start, edge]).sort((a, b) => a - b);
  }
  page.dragged = { id: mark.id, start_s: start, stop_s: stop };
  draw();
}

export function dropMark() {
  const { id, start_s, stop_s } = page.dragged;
  alter(id, { start_s, stop_s }).then(() => { page.dragged = null; draw(); });
}

export function alter(id, fields) {
  const { kind, channel, text, start_s, stop_s } = page.state.marks.find((one) => one.id === id);
  return edit('mark', { id, kind, channel, text, start_s, stop_s, ...fields });
}

export function choose(mark) {
  page.mark = mark?.id ?? null;
  page.selection = null;
  draw();
  if (mark && !page.state.signature) note('Drag an edge to change its length, the inside to move it; Delete takes it away; a, s, k, x or t changes its kind.');
}

export function deleteChosen() {
  if (!page.mark) { note('Click on a mark first.'); return; }
  edit('unmark', { id: page.mark });
  page.mark = null;
}

// Text of a mark; a dialog that is left puts no mark.
export function askText(text, take) {
  const dialog = at('mark-text');
  const field = dialog.querySelector('input');
  field.value = text;
  dialog.querySelector('form').onsubmit = () => { if (field.value.trim()) take(field.value.trim()); };
  dialog.showModal();
}
