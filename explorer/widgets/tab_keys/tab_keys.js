// Source: the tabs pattern of the ARIA Authoring Practices, with tabs that open as the focus reaches them.

const EDGE = 24; // pixels that an edge with more behind it covers

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

  // The open tab is the row's one tab stop, and stands in sight, whoever opened it: a link too.
  let open = null;
  const markOpen = () => {
    for (const tab of inOrder()) {
      const isOpen = tab.getAttribute('aria-selected') === 'true';
      tab.tabIndex = isOpen ? 0 : -1;
      if (isOpen && tab !== open) reveal(open = tab);
    }
  };
  // Not scrollIntoView: the page would follow.
  const reveal = (tab) => {
    const scroller = row.parentElement;
    const { left, right } = tab.getBoundingClientRect(), box = scroller.getBoundingClientRect();
    if (left < box.left + EDGE) scroller.scrollLeft += left - box.left - EDGE;
    else if (right > box.right - EDGE) scroller.scrollLeft += right - box.right + EDGE;
  };
  new MutationObserver(markOpen).observe(row, { subtree: true, childList: true, attributeFilter: ['aria-selected'] });
  markOpen();
}
