// Draws openapi.json as a page. Texts go into the page as text, never as markup.
'use strict';

(() => {
  const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
  let doc;

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };

  const resolve = (thing) => {
    if (!thing || !thing.$ref) return thing;
    return thing.$ref.slice(2).split('/').reduce((at, part) => at[part], doc);
  };

  // `code` in a description becomes <code>; a blank line begins a paragraph.
  const prose = (text) => (text || '').split('\n\n').filter(Boolean).map((paragraph) => {
    const out = element('p');
    paragraph.split('`').forEach((part, i) => out.append(i % 2 ? element('code', {}, part) : part));
    return out;
  });

  const schemaLink = (name) => element('a', { href: `#schema-${name}` }, name);

  // A schema in one line.
  const typeOf = (schema) => {
    const out = element('span', { class: 'type' });
    if (!schema) return out;
    if (schema.$ref) {
      out.append(schemaLink(schema.$ref.split('/').pop()));
      return out;
    }
    const parts = schema.oneOf || schema.allOf;
    if (parts && !schema.properties) {
      parts.forEach((part, i) => {
        if (i) out.append(schema.oneOf ? ' or ' : ' and ');
        out.append(typeOf(part));
      });
      return out;
    }
    if (schema.const !== undefined) {
      out.append(element('code', {}, JSON.stringify(schema.const)));
      return out;
    }
    if (schema.enum) {
      schema.enum.forEach((value, i) => out.append(i ? ' ' : '', element('code', {}, value)));
      return out;
    }
    if (schema.type === 'array') {
      out.append('array of ', typeOf(schema.items));
      return out;
    }
    if (schema.properties && !schema.title) {
      out.append('{ ', Object.keys(schema.properties).join(', '), ' }');
      return out;
    }
    out.append([].concat(schema.type || 'any').join(' or '));
    if (schema.format) out.append(` (${schema.format})`);
    return out;
  };

  const limitsOf = (schema) => {
    const said = [];
    if (schema.minimum !== undefined && schema.maximum !== undefined) said.push(`${schema.minimum} to ${schema.maximum}`);
    if (schema.maxLength) said.push(`at most ${schema.maxLength} characters`);
    if (schema.maxItems) said.push(`at most ${schema.maxItems} items`);
    if (schema.default !== undefined) said.push(`default ${JSON.stringify(schema.default)}`);
    return said.join('; ');
  };

  const table = (heads, rows) => element('table', {},
    element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', { scope: 'col' }, head)))),
    element('tbody', {}, ...rows));

  const memberRow = (name, schema, required) => {
    const limits = limitsOf(schema);
    return element('tr', {},
      element('td', {}, element('code', {}, name), required ? element('div', { class: 'required' }, 'required') : null),
      element('td', {}, typeOf(schema)),
      element('td', {}, ...prose(schema.description), limits ? element('p', { class: 'type' }, limits) : null));
  };

  const membersTable = (schema) => table(['Member', 'Type', 'Meaning'],
    Object.entries(schema.properties).map(([name, member]) => memberRow(name, member, (schema.required || []).includes(name))));

  const bodyOf = (body) => {
    const out = [element('h4', {}, 'Body')];
    for (const [type, media] of Object.entries(resolve(body).content)) {
      out.push(element('p', {}, element('code', {}, type), ' ', typeOf(media.schema)));
      const schema = resolve(media.schema);
      if (schema && schema.properties) out.push(membersTable(schema));
    }
    return out;
  };

  const responsesOf = (responses) => table(['Status', 'Body', 'Meaning'], Object.entries(responses).map(([status, given]) => {
    const response = resolve(given);
    const bodies = Object.entries(response.content || {}).map(([type, media]) =>
      element('div', {}, element('code', {}, type), ' ', typeOf(media.schema)));
    return element('tr', {}, element('td', {}, status), element('td', {}, ...bodies), element('td', {}, ...prose(response.description)));
  }));

  const permissionOf = (operation) => {
    const needed = operation['x-permission'];
    if (needed === 'public') return 'Open to anybody.';
    if (needed === 'authenticated') return 'For anybody who is signed in or holds a key.';
    return `Needs ${needed}${operation['x-permission-scope'] === 'server' ? ' for all realms' : ''}.`;
  };

  const article = (method, path, operation) => {
    const parameters = (operation.parameters || []).map(resolve);
    const out = element('article', { id: operation.operationId },
      element('h3', {}, operation.summary),
      element('span', { class: 'path' }, element('span', { class: `method ${method}` }, method), path),
      element('p', { class: 'permission' }, permissionOf(operation)),
      ...prose(operation.description));
    if (parameters.length) {
      out.append(element('h4', {}, 'Parameters'), table(['Name', 'Type', 'Meaning'], parameters.map((parameter) => {
        const schema = { ...resolve(parameter.schema), description: parameter.description };
        const row = memberRow(parameter.name, schema, parameter.required);
        row.firstChild.append(element('div', { class: 'type' }, parameter.in));
        return row;
      })));
    }
    if (operation.requestBody) out.append(...bodyOf(operation.requestBody));
    out.append(element('h4', {}, 'Answers'), responsesOf(operation.responses));
    return out;
  };

  const schemaArticle = (name, schema) => {
    const out = element('article', { id: `schema-${name}` }, element('h3', {}, name), ...prose(schema.description));
    if (schema.properties) out.append(membersTable(schema));
    else out.append(element('p', {}, typeOf(schema)));
    return out;
  };

  const draw = () => {
    const main = document.getElementById('content');
    const toc = document.getElementById('toc');
    document.getElementById('version').textContent = `Version ${doc.info.version}. ${doc.info.summary}`;
    main.replaceChildren(...prose(doc.info.description));
    const entries = [];
    for (const tag of doc.tags.map((one) => one.name)) {
      const heading = element('li', { class: 'tag' }, tag);
      toc.append(heading);
      main.append(element('h2', {}, tag));
      for (const [path, methods] of Object.entries(doc.paths)) {
        for (const method of METHODS) {
          const operation = methods[method];
          if (!operation || operation.tags[0] !== tag) continue;
          main.append(article(method, path, operation));
          const line = element('li', {}, element('a', { href: `#${operation.operationId}` },
            element('span', { class: `method ${method}` }, method), operation.summary));
          toc.append(line);
          entries.push([line, `${method} ${path} ${operation.summary} ${operation['x-permission']} ${tag}`.toLowerCase()]);
        }
      }
    }
    main.append(element('h2', {}, 'Schemas'));
    for (const [name, schema] of Object.entries(doc.components.schemas)) main.append(schemaArticle(name, schema));
    document.getElementById('find').addEventListener('input', (event) => {
      const wanted = event.target.value.trim().toLowerCase();
      for (const [line, text] of entries) line.hidden = !text.includes(wanted);
    });
    const target = document.getElementById(window.location.hash.slice(1));
    if (target) target.scrollIntoView();
  };

  fetch('/openapi.json')
    .then((response) => {
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      return response.json();
    })
    .then((loaded) => {
      doc = loaded;
      draw();
    })
    .catch((error) => {
      document.getElementById('status').textContent = `The document could not be loaded: ${error.message}.`;
    });
})();
