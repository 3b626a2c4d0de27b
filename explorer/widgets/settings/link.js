// Puts settings that are not the usual ones into the address, beside what the cursor writes there.
export function writeQuery(settings, usual) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(settings)) {
    if (value === usual[name] || value === null) query.delete(name);
    else query.set(name, value);
  }
  if (query.toString() === new URLSearchParams(location.search).toString()) return;
  history.replaceState(history.state, '', `?${query}${location.hash}`);
  // A Space shows the page in a frame and puts this into the address bar around it.
  if (window.parent !== window) window.parent.postMessage({ queryString: query.toString() }, 'https://huggingface.co');
}
