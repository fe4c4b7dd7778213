// Pages of signal: asked for, kept for a while, and read ahead.

import { LEFT, RIGHT, drawingScale } from './drawing.js';
import { askWhere } from './opening.js';
import { at, length, page, say, shown } from './state.js';
import { isLost } from './connection.js';
import { draw } from './view.js';
import { readPage } from './server.js';

// The pages around the one that is shown are asked for in advance: a filter takes longer than a key press.
const MOST_PAGES = 5;
const pages = new Map();
function pageOf(request) {
  const key = JSON.stringify(request);
  if (!pages.has(key)) {
    const reading = readPage(page.night, request);
    pages.set(key, reading);
    reading.then((traces) => { if (traces.some((one) => one.complete < 1)) pages.delete(key); }, () => pages.delete(key));
    if (pages.size > MOST_PAGES) pages.delete(pages.keys().next().value);
  }
  return pages.get(key);
}

async function readAhead(request, number) {
  const seconds = length();
  for (const start of [request.start_s + seconds, request.start_s - seconds]) {
    if (number !== latest) return;
    if (start >= 0 && start < page.info.duration_s) await pageOf({ ...request, start_s: start, stop_s: start + seconds }).catch(() => null);
  }
}

let latest = 0; // number of the request whose page is to be shown
let busy = null; // the page that is being read: who pages on quickly waits for it, and only the last one asked for is read then

// What is on its way belongs to the night before.
export function forget() {
  latest += 1;
  pages.clear();
  page.traces = [];
}

export async function load() {
  if (!page.state) return;
  const request = { rows: shown(), start_s: page.start, stop_s: page.start + length(), width: Math.max(200, Math.round(at('traces').clientWidth - (LEFT + RIGHT) * drawingScale())) };
  const number = ++latest;
  if (!request.rows.length) { page.traces = []; draw(); return; }
  try {
    if (busy && !pages.has(JSON.stringify(request))) {
      await busy.catch(() => null);
      if (number !== latest) return;
    }
    const reading = pageOf(request);
    busy = reading;
    const traces = await reading;
    if (number !== latest) return;
    page.traces = traces;
    draw();
    const complete = Math.min(...traces.map((one) => one.complete));
    at('legend').textContent = complete < 1 ? `Reading the night: ${Math.floor(100 * complete)} %` : page.modelOnly ? 'The channels that the model drew (key m)' : '';
    document.documentElement.dataset.loaded = page.start;
    if (complete === 1) readAhead(request, number);
    else setTimeout(() => { if (number === latest) load(); }, 500);
  } catch (error) {
    if (number !== latest) return;
    page.traces = [];
    draw();
    if (!isLost()) say(error.message);
    if (error.status === 404) askWhere(error.message);
  }
}
