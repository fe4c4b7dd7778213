// Opening a night and a scoring.

import { at, base, listed, page, say } from './state.js';
import { draw } from './view.js';
import { element } from './panels.js';
import { get, post } from './server.js';
import { go } from './moving.js';
import { load, pages } from './signal_pages.js';
import { queue } from './changes.js';
import { showMontage } from './montage.js';

export async function open(number) {
  page.night = number;
  pages.clear();
  page.info = await get(`/api/nights/${number}`);
  page.rows = page.info.montage;
  at('title').textContent = page.info.title;
  at('scorings').replaceChildren(...page.info.scorings.map((one) => new Option(`${one.name} (${one.who}, ${one.status})`, one.name)), new Option('new …', ''));
  if (page.info.recording_error) askWhere(page.info.recording_error);
  showMontage(page.rows, page.info.signals, load);
  askWho();
}

export function askWho() {
  at('who').value = page.who || sessionStorage.getItem('eegvlm-who') || '';
  at('basis').replaceChildren(...page.info.bases.map((one) => new Option({ model: "the model's stages", file: "the file's stages", blank: 'no stages' }[one], one)));
  at('begin-error').textContent = '';
  at('begin').showModal();
}

export async function start() {
  const [who, name] = [at('who').value.trim(), at('name').value];
  if (!who) { at('begin-error').textContent = 'Enter your name or initials.'; return; }
  sessionStorage.setItem('eegvlm-who', who);
  [page.who, page.scoring] = [who, name];
  try {
    if (page.info.scorings.some((one) => one.name === name)) page.state = await get(base());
    else page.state = await post(`/api/nights/${page.night}/scorings`, { name, who, basis: at('basis').value, blind: at('blind').checked });
  } catch (error) { at('begin-error').textContent = error.message; return; }
  at('begin').close();
  await showScoring();
}

export async function showScoring() {
  [page.results, page.details, page.compared] = [null, null, null];
  if (!page.state.hidden) page.results = (await get(`${base()}/results`)).results;
  at('readings').replaceChildren(new Option('–', ''), ...page.state.readings.map((one) => new Option(one, one)));
  if (![...at('scorings').options].some((one) => one.value === page.scoring)) at('scorings').prepend(new Option(page.scoring, page.scoring));
  at('scorings').value = page.scoring;
  const inAddress = /^#epoch=(\d+)$/.exec(location.hash);
  go(inAddress ? Number(inAddress[1]) : listed()[0] ?? 1);
  if (page.state.signature && !page.state.outputs) queue(() => post(`${base()}/outputs`));
  if (page.results) readDetails(base());
  showSpectrogram();
}

async function readDetails(from) {
  try {
    const details = await get(`${from}/details`);
    if (from !== base()) return;
    if (!details.ready) { setTimeout(() => readDetails(from), 1000); return; }
    [page.details, page.rules] = [details.epochs, details.rules ?? {}];
    if (details.error) say(details.error);
    draw();
  } catch (error) { if (error.status !== 404) say(error.message); }
}

async function showSpectrogram() {
  const row = page.rows.find((one) => !one.hidden);
  if (!row || page.info.recording_error) return;
  const query = new URLSearchParams({ plus: row.plus, minus: row.minus.length === 1 ? row.minus[0] : '' });
  try {
    const drawn = await get(`/api/nights/${page.night}/spectrogram?${query}`);
    const picture = at('spectrogram');
    picture.hidden = !drawn.image;
    at('spectrogram-row').hidden = !drawn.image;
    at('spectrogram-name').textContent = `${row.name}, to ${drawn.highest_hz} Hz`;
    picture.src = drawn.image ? `data:image/png;base64,${drawn.image}` : 'data:,';
    picture.alt = `Spectrogram of ${row.name}, 0.5 to ${drawn.highest_hz} Hz, ${drawn.low_db?.toFixed(0)} to ${drawn.high_db?.toFixed(0)} dB`;
    picture.title = picture.alt;
  } catch (error) { say(error.message); }
}

export function askWhere(error) {
  at('lost-error').textContent = error;
  if (!at('lost').open) at('lost').showModal();
}

export async function showNights() {
  const { nights } = await get('/api/nights');
  at('work-list').querySelector('ul').replaceChildren(...nights.map((one) => {
    const item = element('li');
    const button = element('button', one.title, { type: 'button', disabled: Boolean(one.error) });
    button.onclick = () => { at('work-list').close(); history.replaceState(null, '', '#'); open(one.number).catch((error) => say(error.message)); };
    item.append(button, ` ${one.error ?? one.status}`);
    return item;
  }));
  at('work-list').showModal();
}
