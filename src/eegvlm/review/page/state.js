// What the page knows, and short ways to it.

export const at = (id) => document.getElementById(id);
export const LENGTHS = [5, 10, 15, 20, 30, 60, 120, 300, Infinity];
export const page = {
  night: 0, info: null, scoring: 'main', who: '', state: null, results: null, details: null, rules: {}, compared: null, statement: '',
  epoch: 1, last: 1, seconds: 30, start: 0, gain: 1, rows: [], traces: [], selection: null, modelOnly: false, queue: Promise.resolve(),
  mark: null, dragged: null, row: null, nights: 1, zoomedFrom: null, anchor: null, head: 1,
};

export const count = () => page.info.n_epochs;
export const base = () => `/api/nights/${page.night}/scorings/${encodeURIComponent(page.scoring)}`;
// What went wrong stays until something else is done; a note only until the scorer moves on.
export const say = (text, kind = 'error') => { at('message').textContent = text; at('message').dataset.kind = text ? kind : ''; };
export const note = (text) => say(text, 'note');
export const endNote = () => { if (at('message').dataset.kind === 'note') say(''); };
export const endError = () => { if (at('message').dataset.kind === 'error') say(''); };
export const epochAtSecond = (seconds) => Math.floor(seconds / 30) + 1;
export const isIncomplete = (epoch) => 30 * epoch > page.info.duration_s + 0.001; // the recording ends within it
// An epoch that the recording cuts short gets no stage; one that another scoring gave it can be corrected.
export const isScorable = (epoch) => !isIncomplete(epoch) || page.state.stages[epoch - 1] !== '?';
export const listed = () => page.results?.review.to_review ?? []; // epochs to review
export const length = () => Math.min(page.seconds, page.info.duration_s);
export const shown = () => page.rows.filter((row) => (page.modelOnly ? isModels(row) : !row.hidden));
const isModels = (row) => Object.values(page.results?.panels ?? {}).includes(row.name);
