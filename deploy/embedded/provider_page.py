"""The page of the embedded provider: who one can be, one click each."""

from typing import Final

PAGE: Final = """\
<!doctype html>
<html lang="da">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Log ind som … – Ledigplads (prøve)</title>
<link rel="icon" href="data:,">
<style>
  :root { --paper: #faf8f4; --ink: #22282c; --soft: #5a656c; --line: #d9d4c9; --card: #fff; --accent: #0b5c6b; }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #161a1c; --ink: #e9ecec; --soft: #a5b0b5; --line: #343c40; --card: #1e2427; --accent: #6cc5d5; }
  }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.5 system-ui, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
  main { max-width: 56rem; margin: 0 auto; padding: 1.75rem 1.25rem 3rem; }
  h1 { font-size: clamp(1.6rem, 6vw, 2.25rem); line-height: 1.15; margin: 0 0 .5rem; letter-spacing: -.02em; }
  h2 { font-size: 1.0625rem; margin: 1.5rem 0 .5rem; }
  [lang=en], small { color: var(--soft); font-weight: 400; }
  p { margin: .4rem 0; max-width: 42rem; }
  .note { border-left: 3px solid var(--accent); padding: .4rem .9rem; margin: 1rem 0; }
  ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15.5rem), 1fr)); }
  a { display: block; height: 100%; padding: .7rem .95rem; background: var(--card); border: 1px solid var(--line); border-radius: .625rem; color: inherit; text-decoration: none; line-height: 1.35; }
  a:hover { border-color: var(--accent); }
  a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  a strong { display: block; color: var(--accent); font-weight: 600; }
  small { font-size: .875rem; }
</style>
</head>
<body>
<main>
  <h1>Log ind som …</h1>
  <p>Vælg, hvem du vil være: ét klik logger ind. <span lang="en">Choose who you want to be: one click logs in.</span></p>
  <p class="note">Det er prøvepersoner på denne maskine, uden adgangskode. I drift logger man ind hos sin egen organisation. <span lang="en">These are demo people of this machine, without passwords. In production people log in with their own organisation.</span></p>
  {%- for (da, en), people in groups.items() %}
  <section>
    <h2>{{ da }}{% if en != da %} <span lang="en">· {{ en }}</span>{% endif %}</h2>
    <ul>
      {%- for person, link in people %}
      <li><a href="{{ link }}"><strong>{{ person.name }}</strong><small>{{ person.about }}</small></a></li>
      {%- endfor %}
    </ul>
  </section>
  {%- endfor %}
</main>
</body>
</html>
"""
