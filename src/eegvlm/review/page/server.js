// What the page asks of the server. Every refusal is one sentence, thrown as an Error with its status.

async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw Object.assign(new Error('The server does not answer. What was confirmed is kept: start eegvlm review again, and open the address that it prints.'), { status: 0 });
  }
  if (answer.ok) return answer;
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
