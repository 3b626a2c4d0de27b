// What else could have come at one place: the likeliest tokens with both probabilities, each a button that forces it.

// The settings a token was drawn with, as words.
function settingsInWords(packed) {
  const [temperature, topK, topP, minP, penalty, seed] = JSON.parse(packed);
  const parts = [filled(words.set_temperature, { value: temperature })];
  if (topK !== 0) parts.push(filled(words.set_top_k, { value: topK }));
  if (topP !== 1) parts.push(filled(words.set_top_p, { value: topP }));
  if (minP !== 0) parts.push(filled(words.set_min_p, { value: minP }));
  if (penalty !== 1) parts.push(filled(words.set_penalty, { value: penalty }));
  return filled(words.set, { seed, parts: parts.join(', ') });
}

function inWords(token, place, echo) {
  const values = { token: token.text, place: place + 1, id: token.id, drawn: percent(token.probability), own: percent(share(token)), rank: grouped(token.rank) };
  const lines = [filled(token.forced ? (token.probability > 0 ? words.looked_forced : words.looked_impossible) : words.looked, values)];
  if (token.id === tree.end) lines.push(words.end_of_text);
  lines.push(settingsInWords(token.settings));
  if (echo !== null) lines.push(echo < tree.ids.length ? filled(words.echo_prompt, { place: echo + 1 }) : filled(words.echo, { place: echo + 1 - tree.ids.length }));
  return lines.join(' ');
}

function otherFor(other, token, place, most) {
  const chosen = other.id === token.id;
  const row = node('div', 'other');
  row.setAttribute('role', 'option');
  row.setAttribute('aria-selected', String(chosen));
  row.classList.toggle('chosen', chosen);
  row.classList.toggle('gone', other.probability === 0);
  row.tabIndex = -1;
  const name = node('bdi', '', other.text);
  name.style.background = `var(--token-${other.tint})`;
  const bar = node('div', 'bar');
  bar.style.width = `${(100 * other.probability) / most}%`;
  const track = node('span', 'track');
  track.append(bar);
  const drawn = other.probability === 0 ? words.removed : percent(other.probability);
  row.append(name, track, ...[drawn, percent(share(other)), grouped(other.rank)].map((number) => node('span', 'number', number)));
  row.title = chosen ? (token.forced ? words.is_forced : words.is_drawn) : filled(words.force, { token: other.text, place: place + 1 });
  row.addEventListener('click', () => (chosen ? say(words.is_there) : force(place, other)));
  row.addEventListener('keydown', (event) => {
    const rows = [...find('others').children];
    const target = { ArrowDown: rows.indexOf(row) + 1, ArrowUp: rows.indexOf(row) - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (event.key === 'Enter' || event.key === ' ') row.click();
    else if (event.key === 'Escape' || event.key === 'ArrowLeft' || target === -1) chipIn(find('chips'), place)?.focus();
    else if (target === undefined) return;
    else rows[Math.min(rows.length - 1, target)].focus();
    event.preventDefault();
  });
  return row;
}

let inPanel = null; // { token, place, echo } on show

function showPanel(token, place, echo) {
  find('panel').hidden = !token;
  if (!token) {
    inPanel = null;
    return;
  }
  put(find('looked'), inWords(token, place, echo));
  if (inPanel && inPanel.token === token && inPanel.place === place) return;
  inPanel = { token, place };
  const most = Math.max(...token.others.map(({ probability }) => probability), 1e-12);
  const rows = token.others.map((other) => otherFor(other, token, place, most));
  rows[0].tabIndex = 0;
  find('others').replaceChildren(...rows);
  find('others').setAttribute('aria-label', filled(words.others, { place: place + 1 }));
  const rest = 1 - token.others.reduce((sum, { probability }) => sum + probability, 0);
  put(find('rest'), rest > 1e-9 ? filled(words.rest, { share: percent(rest) }) : words.no_rest);
}
