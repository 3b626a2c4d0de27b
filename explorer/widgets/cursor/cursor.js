// The address bar always holds a link to what is on the screen (read again by explorer/page/link.py).
const writeLink = ({ run, token, layer, head, tab }) => {
  const { text, model } = JSON.parse(run);
  const query = new URLSearchParams(location.search); // keeps what is not ours, such as __theme
  for (const [key, value] of Object.entries({ text, model, token, layer, head, tab })) query.set(key, value);
  history.replaceState(history.state, '', `?${query}${location.hash}`);
  // A Space shows the page in a frame and puts this into the address bar around it.
  if (window.parent !== window) window.parent.postMessage({ queryString: query.toString() }, 'https://huggingface.co');
};

// On a narrow screen the tabs scroll sideways.
const showTab = () => {
  const tab = document.querySelector('#tabs [role=tab][aria-selected=true]');
  const bar = tab?.closest('.tab-wrapper');
  if (bar) bar.scrollLeft = tab.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
};

export default function mount({ props, watch }) {
  // Gradio's <base> makes plotly name its gradients by the page's full address, which changes with every link written below:
  // the colour bars would go blank. It points at the folder the page is in, so nothing else depends on it.
  document.querySelector('base[href="./"]')?.remove();

  let last = { ...props.value };
  let writing;

  // A sentence that was read brings the cursor as it was when it was sent off, `asked`: what has moved since then stays moved.
  const settled = ({ asked, limits, ...read }) => {
    for (const part of Object.keys(asked).filter((name) => last[name] !== asked[name])) {
      read[part] = part in limits ? Math.min(last[part], limits[part] - 1) : last[part];
    }
    return read;
  };

  watch('value', () => {
    if (props.value.asked) props.value = settled(props.value);
    last = { ...props.value };
    document.dispatchEvent(new CustomEvent('cursor-moved', { detail: last }));
    clearTimeout(writing);
    if (last.run) writing = setTimeout(() => (writeLink(last), showTab()), 150); // browsers refuse many changes of address a second
  });
}
