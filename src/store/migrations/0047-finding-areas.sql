-- Of a place what stays when lines and versions change, so that what is near can be found; hashed, as paths may be long.
create function finding_area(place jsonb) returns text language sql immutable parallel safe as $$
  select md5(coalesce(place ->> 'kind', '') || ' ' || case place ->> 'kind'
    when 'file' then place ->> 'path'
    when 'package' then place ->> 'name'
    when 'http' then coalesce(place ->> 'method', '') || ' ' || (place ->> 'route')
    when 'port' then coalesce(place ->> 'host', '') || ':' || (place ->> 'port')
    when 'resource' then place ->> 'name'
  end)
$$;
create index findings_area on findings (service, finding_area(place)) where cwe <> '{}';
