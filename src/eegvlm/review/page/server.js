// What the page asks of the server. Every refusal is one sentence, thrown as an Error with its status.

import { isLost, lose } from './connection.js';

const noServer = (method) => Object.assign(new Error(method === 'GET' ? 'Connection lost.' : 'Connection lost: this was not confirmed.'), { status: 0 });

export async function ask(method, path, body) {
  let answer;
  if (isLost()) throw noServer(method); // whoever has the port now gets no cookie
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    lose();
    throw noServer(method);
  }
  if (answer.ok) return answer;
  if (answer.status === 401) lose(); // a new server, which does not know this window yet
  if (isLost()) throw noServer(method);
  const said = await answer.json().catch(() => ({ error: `failed with status ${answer.status}` }));
  throw Object.assign(new Error(said.error), { status: answer.status });
}

export const get = async (path) => (await ask('GET', path)).json();
export const post = async (path, body = {}) => (await ask('POST', path, body)).json();
export const put = async (path, body) => (await ask('PUT', path, body)).json();

// A page of signal: the rows of its header, each with its numbers.
export async function readPage(number, request) {
  const answer = await ask('POST', `/api/nights/${number}/page`, request);
  const buffer = await answer.arrayBuffer();
  const length = new DataView(buffer).getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  let offset = 8 + length;
  for (const row of header) {
    row.values = new Float32Array(buffer, offset, row.count * row.columns);
    offset += row.values.byteLength;
  }
  return header;
}
