// Whether the server is there. A window that lost it looks for the next one on the same port, proves that it knows the
// key of the first (relogin.py says why the cookie must not be sent), and goes on where it was. Nothing is changed
// meanwhile: what is typed is refused and counted, because only the disk confirms an edit.

import { at } from './state.js';

const LOOK_MS = 5000; // how often a window that rests looks whether its server is there
const AGAIN_MS = 1000;
const UNANSWERED_MS = 10000;

let key = null;
let lost = false;
let refused = 0; // edits that were asked for meanwhile

export const isLost = () => lost;
export const refuse = () => { refused += 1; };

// Takes the key from the server that opened this window; `back(words)` is called whenever the connection is there again.
export async function keepConnection({ ask, back }) {
  const { key: known } = await (await ask('GET', '/api/relogin/key')).json();
  key = await crypto.subtle.importKey('raw', bytesOf(known), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
  whenBack = back;
  watch = setInterval(() => { if (!lost) ask('GET', '/api/alive').catch(() => null); }, LOOK_MS);
}
let whenBack = () => null;
let watch = 0;

export function endConnection() {
  clearInterval(watch);
  [key, lost] = [null, false];
}

// Called by whatever found no server, or one that does not know the cookie.
export async function lose() {
  if (lost || !key) return;
  [lost, refused] = [true, 0];
  let outcome = await logIn();
  while (lost && outcome !== 'in') {
    tell(outcome === 'other' ? OTHER : LOST);
    await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
    outcome = await logIn();
  }
  if (!lost) return;
  lost = false;
  tell('');
  const edits = refused === 1 ? 'One edit was' : `${refused} edits were`;
  whenBack(`Connected again: the page shows what is kept.${refused ? ` ${edits} not confirmed meanwhile; repeat what is missing.` : ''}`);
}

const PLACE = `Where it prints an address that does not begin with ${location.origin}, open that one.`;
const LOST = `Connection lost, trying again. Nothing can be changed meanwhile; what was confirmed is kept. If the server has ended, start the same eegvlm review command again. ${PLACE}`;
const OTHER = 'Connection lost: another server answers at this address, trying again. What was confirmed is kept. Open the address that eegvlm review printed last.';

// 'in', 'other' where the server does not know the key, 'none' where there is none.
async function logIn() {
  const pageNonce = hexOf(crypto.getRandomValues(new Uint8Array(32)));
  try {
    const answer = await post('/api/relogin/challenge', { page_nonce: pageNonce }, 'omit');
    if (!answer.ok) return 'other';
    const { nonce, proof } = await answer.json();
    if (!await crypto.subtle.verify('HMAC', key, bytesOf(proof), words('server', pageNonce, nonce))) return 'other';
    const signed = hexOf(new Uint8Array(await crypto.subtle.sign('HMAC', key, words('page', nonce))));
    return (await post('/api/relogin/proof', { nonce, proof: signed }, 'same-origin')).ok ? 'in' : 'other';
  } catch (error) {
    return error instanceof TypeError || error.name === 'TimeoutError' ? 'none' : 'other'; // fetch says TypeError where nobody answers
  }
}

const post = (path, parameters, credentials) =>
  fetch(`${path}?${new URLSearchParams(parameters)}`, { method: 'POST', credentials, redirect: 'error', signal: AbortSignal.timeout(UNANSWERED_MS) });
const words = (who, ...texts) => new TextEncoder().encode([who, location.origin, ...texts].join(' '));
const hexOf = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, '0')).join('');
const bytesOf = (hex) => Uint8Array.from(String(hex).match(/../g) ?? [], (pair) => parseInt(pair, 16));

function tell(sentence) {
  const line = at('connection');
  line.hidden = !sentence;
  if (line.textContent !== sentence) line.textContent = sentence;
}
