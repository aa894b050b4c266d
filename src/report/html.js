"use strict";
(function () {
  const $ = (id) => document.getElementById(id);

  /* Dark or light against what the system says. */
  const theme = $("theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));

  /* Tables: a button in each head; numbers by data-v, texts by the alphabet. */
  const value = (row, i) => {
    const cell = row.cells[i];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  document.querySelectorAll("table.sort").forEach((table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, i) => {
      const button = document.createElement("button");
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") === "descending";
        heads.forEach((h) => h.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...table.tBodies[0].rows].sort((a, b) => {
          const x = value(a, i), y = value(b, i);
          return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1);
        });
        table.tBodies[0].append(...rows);
      });
    });
  });

  const time = (ns) => ns >= 1e9 ? (ns / 1e9).toFixed(2) + "s" : ns >= 1e6 ? (ns / 1e6).toFixed(2) + "ms"
    : (ns / 1e3).toFixed(1) + "us";
  const data = JSON.parse($("stacks") ? $("stacks").textContent : '{"stacks":[]}');

  /* A time to look at: what is in it, of each cause, and for the flame graph how much of it that is. */
  const when = $("times") ? JSON.parse($("times").textContent) : null;
  let chosen = null, onChoice = () => {};
  const within = (cells) => cells.reduce(([n, ns], [k, sleeps, blocked]) =>
    chosen && (k < chosen[0] || k >= chosen[1]) ? [n, ns] : [n + sleeps, ns + blocked], [0, 0]);
  const part = (fs, cause) => {
    const row = chosen && when.rows.find((r) => r[0] === fs && r[1] === cause);
    if (!row)
      return chosen ? 0 : 1;
    const all = row[2].reduce((sum, c) => sum + c[2], 0);
    return all ? within(row[2])[1] / all : 0;
  };
  if (when) {
    const lanes = $("lanes"), from = $("from"), to = $("to");
    const body = $("time-tools").querySelector("tbody");
    const brush = document.createElement("div");
    brush.id = "brush";
    brush.hidden = true;
    lanes.append(brush);
    const strip = () => lanes.querySelector("svg").getBoundingClientRect();
    const cell = (text, v) => {
      const td = document.createElement("td");
      td.textContent = text;
      if (v === undefined)
        td.className = "t name";
      else
        td.dataset.v = v;
      return td;
    };
    const show = () => {
      const [a, b] = chosen || [0, when.slices];
      const rows = when.rows.map(([fs, cause, cells]) => [fs, cause, ...within(cells)]).filter((r) => r[2]);
      body.replaceChildren(...rows.sort((x, y) => y[3] - x[3]).map(([fs, cause, n, ns]) => {
        const tr = document.createElement("tr");
        tr.append(cell(data.filesystems[fs]), cell(cause), cell(String(n), n), cell(time(ns), ns));
        return tr;
      }));
      $("time-note").textContent = (chosen ? "Chosen" : "All of it") +
        `: from ${time(a * when.slice_ns)} to ${time(b * when.slice_ns)}, ` +
        `${rows.reduce((s, r) => s + r[2], 0)} sleeps, ${time(rows.reduce((s, r) => s + r[3], 0))} blocked.`;
      from.value = a;
      to.value = b;
      const box = strip(), left = box.left - lanes.getBoundingClientRect().left;
      brush.hidden = !chosen;
      brush.style.left = left + box.width * a / when.slices + "px";
      brush.style.width = box.width * (b - a) / when.slices + "px";
      onChoice();
    };
    const choose = (x, y) => {
      const a = Math.max(0, Math.min(x, y)), b = Math.min(when.slices, Math.max(x, y, a + 1));
      chosen = a === 0 && b === when.slices ? null : [Math.min(a, b - 1), b];
      show();
    };
    from.addEventListener("input", () => choose(+from.value, Math.max(+to.value, +from.value + 1)));
    to.addEventListener("input", () => choose(Math.min(+from.value, +to.value - 1), +to.value));
    $("all-time").addEventListener("click", () => choose(0, when.slices));
    let begun = null;
    const at = (e) => (e.clientX - strip().left) / strip().width * when.slices;
    lanes.addEventListener("pointerdown", (e) => {
      if (e.target.closest("svg")) {
        begun = at(e);
        e.preventDefault();
      }
    });
    addEventListener("pointermove", (e) => {
      if (begun !== null && Math.abs(at(e) - begun) > 0.5)
        choose(Math.floor(Math.min(begun, at(e))), Math.ceil(Math.max(begun, at(e))));
    });
    addEventListener("pointerup", () => { begun = null; });
    addEventListener("resize", show);
    $("time-tools").hidden = false;
    show();
  }

  /* The flame graph: filesystem, cause, frames; as wide as the time that was slept. */
  if (!data.stacks.length)
    return;
  const node = (name, up) => ({ name, up, ns: 0, sleeps: 0, below: new Map(), depth: up ? up.depth + 1 : 0 });
  let root = null;
  const child = (n, name) => {
    if (!n.below.has(name))
      n.below.set(name, node(name, n));
    return n.below.get(name);
  };
  /* Of a chosen time it is known how much each cause has of it, but not each stack: as much of each. */
  const build = () => {
    root = node("all", null);
    data.stacks.forEach((stack) => add_stack(stack, part(stack[0], data.causes[stack[1]])));
  };
  const add_stack = ([fs, cause, ns, sleeps, frames], share) => {
    let at = root;
    const add = () => { at.ns += ns * share; at.sleeps += Math.round(sleeps * share); };
    if (!share)
      return;
    add();
    [data.filesystems[fs], data.causes[cause], ...frames.map((i) => data.frames[i])].forEach((name) => {
      at = child(at, name);
      add();
    });
  };
  build();

  const layers = [
    ["lock", /lock|mutex|rwsem|^down_|percpu_/],
    ["blk", /^(blk_|__blk|bio_|submit_bio|__submit_bio|nvme|scsi|dm_|md_|loop_|rq_qos|wbt_|virtblk)/],
    ["mem", /page|folio|fault|reclaim|compact|swap|alloc|^mm_/],
    ["fs", /^_*(ext4|xfs|btrfs|f2fs|nfs|jbd2|iomap|fuse|filemap|generic_file|vfs|ocfs2|gfs2|ceph)/],
  ];
  const layer = (n) => {
    if (n.depth < 3)
      return n.depth === 2 ? "other" : "fs";
    const found = layers.find(([, pattern]) => pattern.test(n.name));
    return found ? found[0] : "other";
  };
  const percent = (n, of) => (100 * n.ns / (of.ns || 1)).toFixed(1) + "%";

  const box = $("flame"), note = $("flame-note"), search = $("search");
  const ROW = 22, LEAST = 0.001;
  let zoomed = root, focused = null, pruned = 0;

  const draw = () => {
    const shown = [];
    let deepest = 0;
    pruned = 0;
    const walk = (n, left) => {
      shown.push([n, left]);
      deepest = Math.max(deepest, n.depth);
      let x = left;
      [...n.below.values()].sort((a, b) => b.ns - a.ns || (a.name < b.name ? -1 : 1)).forEach((c) => {
        if (c.ns < LEAST * zoomed.ns || shown.length > 2000)
          pruned += c.ns;
        else
          walk(c, x);
        x += c.ns;
      });
    };
    for (let n = zoomed; n; n = n.up)
      shown.unshift([n, 0]);
    shown.pop();
    walk(zoomed, 0);
    const wanted = search.value.toLowerCase();
    let hit = 0;
    const inside = new Set();
    box.replaceChildren(...shown.map(([n, left]) => {
      const e = document.createElement("div");
      const above = n.depth < zoomed.depth;
      e.className = "f " + layer(n);
      e.setAttribute("role", "treeitem");
      e.setAttribute("aria-level", n.depth + 1);
      if (n.below.size)
        e.setAttribute("aria-expanded", "true");
      e.setAttribute("aria-label", `${n.name}, ${time(n.ns)}, ${percent(n, root)} of the blocked time, ${n.sleeps} sleeps`);
      e.title = e.getAttribute("aria-label");
      e.textContent = n.name;
      e.tabIndex = n === (focused || zoomed) ? 0 : -1;
      e.style.top = n.depth * ROW + "px";
      e.style.left = above ? "0" : 100 * left / zoomed.ns + "%";
      e.style.width = above ? "100%" : 100 * n.ns / zoomed.ns + "%";
      if (wanted && n.name.toLowerCase().includes(wanted)) {
        e.classList.add("hit");
        if (!above && !inside.has(n.up))
          hit += n.ns;
        inside.add(n);
      }
      if (inside.has(n.up))
        inside.add(n);
      e.node = n;
      return e;
    }));
    box.style.height = (deepest + 1) * ROW + 2 + "px";
    note.textContent = (chosen ? "Of the chosen time: causes as they were then, stacks in proportion. " : "") + (zoomed === root ? "" : `Zoomed into ${zoomed.name}; Escape goes out. `) +
      (wanted ? `Found in ${(100 * hit / zoomed.ns).toFixed(1)} % of what is shown. ` : "") +
      (pruned ? `${time(pruned)} in stacks too narrow to draw. ` : "") +
      (data.left_out_ns ? `${time(data.left_out_ns)} in ${data.left_out} more stacks is not in this file.` : "");
  };
  const focus = (n) => {
    focused = n;
    draw();
    const e = [...box.children].find((c) => c.node === n);
    if (e)
      e.focus();
  };
  const path = (n) => n.up ? [...path(n.up), n.name] : [];
  const zoom = (n) => {
    zoomed = n;
    const hash = path(n).map(encodeURIComponent).join("/");
    if (location.hash.slice(1) !== hash)
      history.replaceState(null, "", "#" + hash);
    focus(n);
  };
  const siblings = (n) => n.up ? [...n.up.below.values()].sort((a, b) => b.ns - a.ns || (a.name < b.name ? -1 : 1)) : [n];
  const widest = (n) => [...n.below.values()].sort((a, b) => b.ns - a.ns || (a.name < b.name ? -1 : 1))[0];
  box.addEventListener("click", (e) => { if (e.target.node) zoom(e.target.node); });
  box.addEventListener("keydown", (e) => {
    const n = e.target.node;
    if (!n)
      return;
    const all = siblings(n), at = all.indexOf(n);
    const to = { ArrowDown: widest(n), ArrowUp: n.up, ArrowLeft: all[at - 1], ArrowRight: all[at + 1], Home: root }[e.key];
    if (to)
      focus(to);
    else if (e.key === "Enter" || e.key === " ")
      zoom(n);
    else if (e.key === "Escape")
      zoom(zoomed.up || root);
    else if (e.key === "/")
      search.focus();
    else
      return;
    e.preventDefault();
  });
  search.addEventListener("input", draw);
  $("reset").addEventListener("click", () => { search.value = ""; zoom(root); });
  let start = root;
  try {
    location.hash.slice(1).split("/").filter(Boolean).map(decodeURIComponent)
      .forEach((name) => { start = start.below.get(name) || start; });
  } catch (error) { /* a fragment that somebody else made */ }
  zoomed = start;
  onChoice = () => {
    const names = path(zoomed);
    build();
    zoomed = names.reduce((n, name) => n && n.below.get(name), root) || root;
    focused = null;
    draw();
  };
  $("flame-tools").hidden = box.hidden = false;
  draw();
})();
