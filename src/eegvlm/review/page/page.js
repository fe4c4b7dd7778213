// The page begins here: buttons and fields get what they do. Everything that is kept is kept by the server first.

import { afterBegin, afterNights, askWho, goOn, open, showKnown, showNights, showScoring, start } from './opening.js';
import { at, LENGTHS, length, note, page, say } from './state.js';
import { change, edit, redo, undo } from './changes.js';
import { compareWith } from './comparison.js';
import { endConnection, isLost, keepConnection } from './connection.js';
import { describe as describeKeys, settings, useKeys } from './keys.js';
import { draw } from './view.js';
import { element } from './panels.js';
import { followNavigator, followTraces, select, setLights } from './hands.js';
import { ask, get, post, put } from './server.js';
import { goTo } from './go_to.js';
import { load } from './signal_pages.js';
import { returnFocus } from './focus.js';
import { go, setLength } from './moving.js';
import { showMontage } from './montage.js';

function takeKeys(chosen) {
  const unknown = useKeys(chosen);
  if (unknown.length) say(`Keys of a later version are not used: ${unknown.join(', ')}`);
  describeKeys(document.querySelector('#help dl'));
}

function bind() {
  at('page-length').append(...LENGTHS.map((one) => new Option(one === Infinity ? 'whole night' : `${one} s`, String(one), one === 30, one === 30)));
  at('page-length').onchange = () => setLength(Number(at('page-length').value));
  at('undo').onclick = undo;
  at('redo').onclick = redo;
  at('start').onclick = start;
  at('begin').querySelector('form').onsubmit = (event) => { event.preventDefault(); start(); };
  at('nights').onclick = showNights;
  at('close').onclick = async () => {
    await page.queue;
    const words = isLost() ? 'The server is not there any more. What was confirmed is kept; this window can be closed.' : 'Closed. Everything is kept; this window can be closed.';
    await post('/api/close').catch(() => null);
    endConnection();
    document.body.replaceChildren(element('p', words));
  };
  at('comment').onchange = () => edit('comment', { epoch: Number(at('comment').dataset.epoch), text: at('comment').value });
  at('comment').onblur = draw; // the field waited while it was written in
  at('lights-off').onclick = () => setLights('off_s', 30 * (page.epoch - 1));
  at('lights-on').onclick = () => setLights('on_s', 30 * (page.epoch - 1));
  at('sign').onclick = () => change('sign', { statement: at('statement').value });
  at('reopen').onclick = () => change('reopen', { reason: at('reason').value }, () => { at('reason').value = ''; });
  at('finish').onclick = () => change('finish').then(showScoring);
  at('scorings').onchange = () => { at('name').value = at('scorings').value || 'second'; askWho(); };
  at('readings').onchange = () => compareWith(at('readings').value);
  at('consensus').onclick = async () => {
    try {
      const { scorings } = await get(`/api/nights/${page.night}`);
      const of = scorings.filter((one) => !one.blind && one.name !== 'consensus').map((one) => one.name);
      page.state = await post(`/api/nights/${page.night}/scorings`, { name: 'consensus', who: page.who, basis: 'consensus', of });
      page.scoring = 'consensus';
      await showScoring();
    } catch (error) { say(error.message); }
  };
  at('point').onclick = async () => {
    try {
      page.info = await post(`/api/nights/${page.night}/recording`, { path: at('place').value });
      page.rows = page.info.montage;
      showMontage(page.rows, page.info.signals, load);
      at('lost').close();
      if (page.state) load();
    } catch (error) { at('lost-error').textContent = error.message; }
  };
  at('derive').onclick = () => {
    page.rows.push({ ...page.rows[0], name: `${at('plus').value}-${at('minus').value}`, plus: at('plus').value, minus: [at('minus').value], colour: '', hidden: false });
    showMontage(page.rows, page.info.signals, load);
    load();
  };
  at('save-montage').onclick = () => put(`/api/nights/${page.night}/montage`, { rows: page.rows }).then(() => note('The montage is kept with the night.'), (error) => say(error.message));
  at('reset-montage').onclick = () => { page.rows = structuredClone(page.info.default_montage); showMontage(page.rows, page.info.signals, load); load(); };
  at('stretch').querySelector('form').onsubmit = () => {
    const from = Math.max(0, Number(at('stretch-start').value));
    if (from < page.start || from >= page.start + length()) go(Math.floor(from / 30) + 1); // what is selected must be seen
    select(from, from + Math.max(0.1, Number(at('stretch-length').value)), at('stretch-row').value);
  };
  at('change-keys').onclick = () => settings(at('keys'), async (chosen) => {
    try {
      takeKeys((await put('/api/keys', { keys: chosen })).keys);
      at('keys').close();
    } catch (error) { at('keys-error').textContent = error.message; }
  });
  at('go-to').querySelector('form').onsubmit = () => goTo(at('go-to-place').value);
  at('name').oninput = showKnown;
  at('begin').addEventListener('close', afterBegin);
  at('work-list').addEventListener('close', afterNights);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => requestAnimationFrame(draw)); // a canvas keeps its colours
  returnFocus();
  followTraces();
  followNavigator();
  new ResizeObserver(() => { if (page.state) { draw(); load(); } }).observe(at('traces'));
}

bind();
takeKeys({});
await keepConnection({ ask, back: goOn }).catch((error) => say(error.message));
get('/api/keys').then(({ keys }) => takeKeys(keys), (error) => say(error.message));
get('/api/nights').then(({ nights, statement }) => {
  at('statement').value = statement;
  page.nights = nights.length;
  return nights.length === 1 ? open(0) : showNights();
}).catch((error) => say(error.message));
