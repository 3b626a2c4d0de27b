// Source: the tabs pattern of the ARIA Authoring Practices, with tabs that open as the focus reaches them.
export default function mount({ tabs }) {
  const row = document.querySelector(`#${tabs} > .tab-wrapper > [role=tablist]`);
  if (row) wire(row);
  else requestAnimationFrame(() => mount({ tabs })); // Gradio may lay the tabs out after this widget
}

function wire(row) {
  const inOrder = () => [...row.querySelectorAll('[role=tab]:not(:disabled)')];

  row.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const all = inOrder();
    const at = all.indexOf(event.target);
    const target = { ArrowRight: (at + 1) % all.length, ArrowLeft: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || target === undefined) return;
    event.preventDefault();
    all[target].focus();
    all[target].click();
  });

  // The open tab is the row's one tab stop.
  const markStop = () => inOrder().forEach((tab) => { tab.tabIndex = tab.getAttribute('aria-selected') === 'true' ? 0 : -1; });
  new MutationObserver(markStop).observe(row, { subtree: true, childList: true, attributeFilter: ['aria-selected'] });
  markStop();
}
