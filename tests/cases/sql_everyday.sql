-- A hundred questions of an ordinary working day over the same trade business. `-- name:`
-- begins a query; `-- only:` names the dialects of one way to write it; `-- params:` gives
-- the values of its parameters as JSON. Written before it was known which ones pass.

-- name: all customers
SELECT * FROM customer

-- name: first page
SELECT customer_id, phone FROM customer ORDER BY customer_id LIMIT 10

-- name: third page
SELECT customer_id, phone FROM customer ORDER BY customer_id LIMIT 5 OFFSET 10

-- name: page by keyset
-- params: {"after": 20, "size": 10}
SELECT purchase_id, total FROM purchase WHERE purchase_id > :after ORDER BY purchase_id LIMIT :size

-- name: filter by parameter
-- params: {"segment": "building"}
SELECT customer_id, birth_date FROM customer WHERE segment = :segment

-- name: filter by two parameters
-- params: {"low": 1000, "high": 60000}
SELECT purchase_id FROM purchase WHERE total BETWEEN :low AND :high

-- name: filter out a list
SELECT count(*) FROM purchase WHERE status NOT IN ('O')

-- name: empty cells
SELECT count(*) FROM customer WHERE balance IS NULL

-- name: text search without case
-- only: postgresql, duckdb
SELECT product_id FROM product WHERE name ILIKE '%IVORY%'

-- name: text search without case
-- only: sqlite
SELECT product_id FROM product WHERE lower(name) LIKE '%ivory%'

-- name: count by group
SELECT segment, count(*) AS customers FROM customer GROUP BY segment ORDER BY customers DESC, segment

-- name: count by masked group
SELECT balance, count(*) AS customers FROM customer GROUP BY balance ORDER BY 2 DESC, 1

-- name: distinct values
SELECT DISTINCT priority FROM purchase ORDER BY priority

-- name: count distinct
SELECT count(DISTINCT customer_id) AS buyers FROM purchase

-- name: sum and extremes
SELECT sum(total), min(total), max(total), count(*) FROM purchase

-- name: average rounded
-- only: postgresql
SELECT round(avg(total), 2) FROM purchase

-- name: average rounded
-- only: sqlite, duckdb
SELECT round(avg(total), 0) FROM purchase

-- name: having
SELECT customer_id, count(*) AS purchases FROM purchase GROUP BY customer_id HAVING count(*) > 2

-- name: group by number
SELECT status, priority, sum(total) FROM purchase GROUP BY 1, 2 ORDER BY 1, 2

-- name: group by alias
SELECT CASE WHEN total > 50000 THEN 'big' ELSE 'small' END AS size, count(*)
FROM purchase GROUP BY CASE WHEN total > 50000 THEN 'big' ELSE 'small' END

-- name: inner join
SELECT c.name, p.purchase_id FROM customer c JOIN purchase p ON p.customer_id = c.customer_id

-- name: left join
SELECT c.customer_id, p.purchase_id
FROM customer c LEFT JOIN purchase p ON p.customer_id = c.customer_id AND p.status = 'O'

-- name: anti join
SELECT c.customer_id FROM customer c LEFT JOIN purchase p ON p.customer_id = c.customer_id
WHERE p.purchase_id IS NULL

-- name: join using
SELECT purchase_id, sum(quantity) FROM purchase JOIN line USING (purchase_id) GROUP BY purchase_id

-- name: join of four
SELECT n.name, d.brand, sum(l.quantity) AS pieces
FROM line l
JOIN product d ON d.product_id = l.product_id
JOIN supplier s ON s.supplier_id = l.supplier_id
JOIN country n ON n.country_id = s.country_id
GROUP BY n.name, d.brand
ORDER BY n.name, d.brand

-- name: self join
SELECT a.customer_id, b.customer_id FROM customer a JOIN customer b
ON a.country_id = b.country_id AND a.segment = b.segment AND a.customer_id < b.customer_id

-- name: cross join
SELECT r.name, s.segment FROM region r CROSS JOIN (SELECT DISTINCT segment FROM customer) s

-- name: natural join
SELECT product_id, cost, brand FROM offer NATURAL JOIN (SELECT product_id, brand FROM product) d

-- name: right join
SELECT n.name, count(c.customer_id) FROM customer c RIGHT JOIN country n ON c.country_id = n.country_id
GROUP BY n.name

-- name: full join
SELECT n.name, s.supplier_id FROM country n FULL JOIN supplier s ON s.country_id = n.country_id

-- name: in subquery
SELECT customer_id FROM customer WHERE customer_id IN (SELECT customer_id FROM purchase WHERE total > 60000)

-- name: not exists
SELECT product_id FROM product d WHERE NOT EXISTS (SELECT 1 FROM line l WHERE l.product_id = d.product_id AND l.quantity > 42)

-- name: scalar subquery
SELECT purchase_id, total - (SELECT min(total) FROM purchase) AS above FROM purchase ORDER BY purchase_id

-- name: correlated count
SELECT d.product_id, (SELECT count(*) FROM line l WHERE l.product_id = d.product_id) AS sold FROM product d

-- name: derived table
SELECT max(sold) FROM (SELECT product_id, sum(quantity) AS sold FROM line GROUP BY product_id) x

-- name: common table expression
WITH big AS (SELECT * FROM purchase WHERE total > 40000)
SELECT priority, count(*) FROM big GROUP BY priority

-- name: two common table expressions
WITH mine AS (SELECT customer_id, sum(total) AS spent FROM purchase GROUP BY customer_id),
     top AS (SELECT * FROM mine ORDER BY spent DESC, customer_id LIMIT 5)
SELECT c.name, c.segment, t.spent FROM top t JOIN customer c ON c.customer_id = t.customer_id

-- name: common table expression with columns
WITH spent (who, cents) AS (SELECT customer_id, sum(total) FROM purchase GROUP BY customer_id)
SELECT who, cents FROM spent WHERE cents > 100000

-- name: recursive numbers
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12)
SELECT i, count(p.purchase_id) FROM n LEFT JOIN purchase p ON p.purchase_id = n.i GROUP BY i ORDER BY i

-- name: union
SELECT phone FROM customer UNION SELECT phone FROM supplier

-- name: union all with labels
SELECT 'customer' AS kind, count(*) AS n FROM customer UNION ALL SELECT 'supplier', count(*) FROM supplier

-- name: except
SELECT country_id FROM supplier EXCEPT SELECT country_id FROM customer

-- name: intersect
SELECT country_id FROM supplier INTERSECT SELECT country_id FROM customer

-- name: row number
SELECT customer_id, purchase_id, row_number() OVER (PARTITION BY customer_id ORDER BY ordered, purchase_id) AS nth
FROM purchase

-- name: first purchase of each
SELECT customer_id, purchase_id, ordered FROM (
  SELECT customer_id, purchase_id, ordered,
         row_number() OVER (PARTITION BY customer_id ORDER BY ordered, purchase_id) AS nth
  FROM purchase) x
WHERE nth = 1

-- name: rank by sum
SELECT customer_id, sum(total) AS spent, rank() OVER (ORDER BY sum(total) DESC) AS place
FROM purchase GROUP BY customer_id

-- name: running total
SELECT purchase_id, sum(total) OVER (ORDER BY purchase_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
FROM purchase

-- name: moving average
SELECT purchase_id, avg(total) OVER (ORDER BY purchase_id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM purchase

-- name: share of a total
SELECT priority, count(*) * 100.0 / sum(count(*)) OVER () AS share FROM purchase GROUP BY priority

-- name: difference to the one before
SELECT purchase_id, total - lag(total) OVER (ORDER BY purchase_id) AS change FROM purchase

-- name: next value
SELECT purchase_id, lead(ordered, 1) OVER (PARTITION BY customer_id ORDER BY purchase_id) FROM purchase

-- name: quartiles
SELECT purchase_id, ntile(4) OVER (ORDER BY total, purchase_id) AS quartile FROM purchase

-- name: named window
SELECT purchase_id, rank() OVER w, dense_rank() OVER w FROM purchase WINDOW w AS (PARTITION BY status ORDER BY total)

-- name: filter of an aggregate
SELECT count(*) FILTER (WHERE status = 'O') AS opened, count(*) FILTER (WHERE status = 'F') AS finished FROM purchase

-- name: grouping sets
-- only: postgresql, duckdb
SELECT status, priority, count(*) FROM purchase GROUP BY GROUPING SETS ((status), (priority), ())

-- name: grouping sets
-- only: sqlite
SELECT status, NULL, count(*) FROM purchase GROUP BY status UNION ALL SELECT NULL, priority, count(*) FROM purchase GROUP BY priority

-- name: rollup
-- only: postgresql, duckdb
SELECT status, priority, sum(total) FROM purchase GROUP BY ROLLUP (status, priority)

-- name: rollup
-- only: sqlite
SELECT status, sum(total) FROM purchase GROUP BY status UNION ALL SELECT 'all', sum(total) FROM purchase

-- name: median
-- only: postgresql, duckdb
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM purchase

-- name: median
-- only: sqlite
SELECT avg(total) FROM (SELECT total, row_number() OVER (ORDER BY total) AS r, count(*) OVER () AS n FROM purchase) x
WHERE r IN ((n + 1) / 2, (n + 2) / 2)

-- name: list in one cell
-- only: postgresql, duckdb
SELECT customer_id, string_agg(priority, ', ' ORDER BY purchase_id) FROM purchase GROUP BY customer_id

-- name: list in one cell
-- only: sqlite
SELECT customer_id, group_concat(priority, ', ') FROM purchase GROUP BY customer_id HAVING count(DISTINCT priority) = 1

-- name: upper and lower
SELECT upper(segment), lower(name) FROM customer

-- name: joined texts
SELECT segment || ': ' || phone AS label FROM customer

-- name: part of a text
SELECT substr(phone, 1, 2) AS area, count(*) FROM customer GROUP BY substr(phone, 1, 2)

-- name: trimmed and replaced
SELECT trim(replace(segment, 'household', 'home')) FROM customer

-- name: position in a text
-- only: postgresql, duckdb
SELECT product_id, position('part' IN name) FROM product

-- name: position in a text
-- only: sqlite
SELECT product_id, instr(name, 'part') FROM product

-- name: split text
-- only: postgresql, duckdb
SELECT split_part(name, ' ', 1) AS colour, count(*) FROM product GROUP BY split_part(name, ' ', 1)

-- name: split text
-- only: sqlite
SELECT substr(name, 1, instr(name, ' ') - 1) AS colour, count(*) FROM product GROUP BY 1

-- name: replaced empties
SELECT customer_id, coalesce(balance, 'unknown') FROM customer

-- name: searched case
SELECT purchase_id, CASE WHEN total >= 60000 THEN 'A' WHEN total >= 30000 THEN 'B' ELSE 'C' END FROM purchase

-- name: greatest and least
-- only: postgresql, duckdb
SELECT purchase_id, greatest(total, 20000), least(total, 50000) FROM purchase

-- name: greatest and least
-- only: sqlite
SELECT purchase_id, max(total, 20000), min(total, 50000) FROM purchase

-- name: arithmetic
SELECT line_number, price * (100 - discount) / 100 AS net, price % 7, abs(tax - discount) FROM line WHERE purchase_id < 20

-- name: cast to text
SELECT CAST(total AS varchar(20)) FROM purchase

-- name: cast to number
-- only: postgresql, duckdb
SELECT CAST(total AS numeric(12, 2)) / 100 FROM purchase

-- name: cast to number
-- only: sqlite
SELECT CAST(total AS real) / 100 FROM purchase

-- name: year of a date
-- only: postgresql, duckdb
SELECT extract(year FROM ordered) AS year, count(*) FROM purchase GROUP BY 1 ORDER BY 1

-- name: year of a date
-- only: sqlite
SELECT strftime('%Y', ordered) AS year, count(*) FROM purchase GROUP BY 1 ORDER BY 1

-- name: month of a date
-- only: postgresql, duckdb
SELECT date_trunc('month', ordered) AS month, sum(total) FROM purchase GROUP BY date_trunc('month', ordered)

-- name: month of a date
-- only: sqlite
SELECT date(ordered, 'start of month') AS month, sum(total) FROM purchase GROUP BY 1

-- name: days between
-- only: postgresql, duckdb
SELECT purchase_id, line_number, received - shipped AS days FROM line WHERE purchase_id < 30

-- name: days between
-- only: sqlite
SELECT purchase_id, line_number, julianday(received) - julianday(shipped) AS days FROM line WHERE purchase_id < 30

-- name: recent purchases
-- only: postgresql
SELECT count(*) FROM purchase WHERE ordered >= date '1996-06-30' - interval '90 days'

-- name: recent purchases
-- only: duckdb
SELECT count(*) FROM purchase WHERE ordered >= DATE '1996-06-30' - INTERVAL 90 DAY

-- name: recent purchases
-- only: sqlite
SELECT count(*) FROM purchase WHERE ordered >= date('1996-06-30', '-90 days')

-- name: within the last years
-- only: postgresql, duckdb
SELECT count(*) FROM purchase WHERE ordered < current_date - interval '1 year'

-- name: within the last years
-- only: sqlite
SELECT count(*) FROM purchase WHERE ordered < date('now', '-1 year')

-- name: date in words
-- only: postgresql
SELECT to_char(ordered, 'YYYY-MM') AS month, count(*) FROM purchase GROUP BY to_char(ordered, 'YYYY-MM')

-- name: date in words
-- only: duckdb
SELECT strftime(ordered, '%Y-%m') AS month, count(*) FROM purchase GROUP BY 1

-- name: date in words
-- only: sqlite
SELECT strftime('%Y-%m', ordered) AS month, count(*) FROM purchase GROUP BY 1

-- name: quarter
-- only: postgresql, duckdb
SELECT extract(quarter FROM ordered) AS quarter, sum(total) FROM purchase GROUP BY extract(quarter FROM ordered)

-- name: quarter
-- only: sqlite
SELECT (CAST(strftime('%m', ordered) AS integer) + 2) / 3 AS quarter, sum(total) FROM purchase GROUP BY 1

-- name: series of months
-- only: postgresql
SELECT m.month, count(p.purchase_id)
FROM generate_series(date '1994-01-01', date '1994-12-01', interval '1 month') AS m(month)
LEFT JOIN purchase p ON date_trunc('month', p.ordered) = m.month
GROUP BY m.month

-- name: series of months
-- only: duckdb
SELECT m.month, count(p.purchase_id)
FROM generate_series(DATE '1994-01-01', DATE '1994-12-01', INTERVAL 1 MONTH) AS m(month)
LEFT JOIN purchase p ON date_trunc('month', p.ordered) = m.month
GROUP BY m.month

-- name: series of months
-- only: sqlite
WITH RECURSIVE m(month) AS (SELECT '1994-01' UNION ALL SELECT strftime('%Y-%m', month || '-01', '+1 month') FROM m WHERE month < '1994-12')
SELECT m.month, count(p.purchase_id) FROM m LEFT JOIN purchase p ON strftime('%Y-%m', p.ordered) = m.month GROUP BY m.month

-- name: top three of each group
-- only: postgresql, duckdb
SELECT c.segment, t.purchase_id, t.total
FROM (SELECT DISTINCT segment FROM customer) c
CROSS JOIN LATERAL (
  SELECT p.purchase_id, p.total FROM purchase p JOIN customer d ON d.customer_id = p.customer_id
  WHERE d.segment = c.segment ORDER BY p.total DESC, p.purchase_id LIMIT 3) t

-- name: top three of each group
-- only: sqlite
SELECT segment, purchase_id, total FROM (
  SELECT d.segment, p.purchase_id, p.total,
         row_number() OVER (PARTITION BY d.segment ORDER BY p.total DESC, p.purchase_id) AS r
  FROM purchase p JOIN customer d ON d.customer_id = p.customer_id) x
WHERE r <= 3

-- name: latest of each by distinct on
-- only: postgresql, duckdb
SELECT DISTINCT ON (customer_id) customer_id, purchase_id, ordered FROM purchase ORDER BY customer_id, ordered DESC, purchase_id

-- name: latest of each by distinct on
-- only: sqlite
SELECT customer_id, max(ordered) FROM purchase GROUP BY customer_id

-- name: pivot by case
SELECT status, sum(CASE WHEN priority = '1-urgent' THEN total END) AS urgent,
       sum(CASE WHEN priority = '4-low' THEN total END) AS low
FROM purchase GROUP BY status

-- name: values as a table
-- only: sqlite
WITH v(status, label) AS (VALUES ('O', 'open'), ('F', 'finished'))
SELECT v.label, count(*) FROM v JOIN purchase p ON p.status = v.status GROUP BY v.label

-- name: values as a table
-- only: postgresql, duckdb
SELECT v.label, count(*) FROM (VALUES ('O', 'open'), ('F', 'finished')) AS v(status, label)
JOIN purchase p ON p.status = v.status GROUP BY v.label

-- name: all of a list
-- only: sqlite
SELECT product_id FROM product WHERE size >= (SELECT max(size) FROM product)

-- name: all of a list
-- only: postgresql, duckdb
SELECT product_id FROM product WHERE size >= ALL (SELECT size FROM product)

-- name: any of a list
-- only: postgresql, duckdb
SELECT purchase_id FROM purchase WHERE total > ANY (SELECT 3 * min(total) FROM purchase)

-- name: any of a list
-- only: sqlite
SELECT purchase_id FROM purchase WHERE total > (SELECT 3 * min(total) FROM purchase)

-- name: any of an array
-- only: postgresql
SELECT purchase_id FROM purchase WHERE priority = ANY (ARRAY['1-urgent', '2-high'])

-- name: any of an array
-- only: duckdb
SELECT purchase_id FROM purchase WHERE list_contains(['1-urgent', '2-high'], priority)

-- name: any of an array
-- only: sqlite
SELECT purchase_id FROM purchase WHERE priority IN (SELECT value FROM json_each('["1-urgent", "2-high"]'))

-- name: row comparison
SELECT purchase_id FROM purchase WHERE (status, priority) IN (('O', '1-urgent'), ('F', '4-low'))

-- name: is distinct from
-- only: postgresql, duckdb
SELECT count(*) FROM customer WHERE balance IS DISTINCT FROM '[0, 100000)'

-- name: is distinct from
-- only: sqlite
SELECT count(*) FROM customer WHERE balance IS NOT '[0, 100000)'

-- name: standard deviation
-- only: postgresql, duckdb
SELECT round(CAST(stddev(total) AS numeric), 2), round(CAST(variance(quantity) AS numeric), 2) FROM purchase, line WHERE line.purchase_id = purchase.purchase_id

-- name: standard deviation
-- only: sqlite
SELECT round(avg(total * total) - avg(total) * avg(total), 0) FROM purchase

-- name: boolean aggregate
-- only: postgresql, duckdb
SELECT customer_id, bool_and(status = 'F') AS all_finished FROM purchase GROUP BY customer_id

-- name: boolean aggregate
-- only: sqlite
SELECT customer_id, min(status = 'F') AS all_finished FROM purchase GROUP BY customer_id

-- name: rounding
-- only: postgresql, duckdb
SELECT product_id, round(price / 7.0, 2), ceil(price / 7.0), floor(price / 7.0) FROM product

-- name: rounding
-- only: sqlite
SELECT product_id, round(price / 7.0, 2) FROM product

-- name: regular expression
-- only: postgresql
SELECT name FROM product WHERE name ~ '^(green|ivory)'

-- name: regular expression
-- only: duckdb
SELECT name FROM product WHERE regexp_matches(name, '^(green|ivory)')

-- name: regular expression
-- only: sqlite
SELECT name FROM product WHERE name GLOB 'green*'

-- name: as json
-- only: postgresql
SELECT json_build_object('id', product_id, 'brand', brand) FROM product

-- name: as json
-- only: duckdb
SELECT json_object('id', product_id, 'brand', brand) FROM product

-- name: as json
-- only: sqlite
SELECT json_object('id', product_id, 'brand', brand) FROM product

-- name: as an array
-- only: postgresql
SELECT customer_id, array_agg(purchase_id ORDER BY purchase_id) FROM purchase GROUP BY customer_id

-- name: as an array
-- only: duckdb
SELECT customer_id, list(purchase_id ORDER BY purchase_id) FROM purchase GROUP BY customer_id

-- name: as an array
-- only: sqlite
SELECT customer_id, json_group_array(purchase_id) FROM purchase GROUP BY customer_id HAVING count(*) = 1

-- name: order with empties last
SELECT customer_id, balance FROM customer ORDER BY balance DESC NULLS LAST, customer_id

-- name: order by a case
SELECT purchase_id FROM purchase ORDER BY CASE priority WHEN '1-urgent' THEN 0 ELSE 1 END, purchase_id LIMIT 8

-- name: quoted names
SELECT "customer_id" AS "Customer", "segment" AS "Market" FROM "customer"

-- name: name of a schema
-- only: postgresql
SELECT count(*) FROM public.customer

-- name: name of a schema
-- only: duckdb
SELECT count(*) FROM main.customer

-- name: name of a schema
-- only: sqlite
SELECT count(*) FROM main.customer

-- name: today
SELECT current_date > '2020-01-01' AS later

-- name: correlation
-- only: postgresql, duckdb
SELECT round(CAST(corr(quantity, price) AS numeric), 6) FROM line

-- name: correlation
-- only: sqlite
SELECT sum(quantity * price), sum(quantity * quantity), sum(price * price) FROM line

-- name: buckets of amounts
SELECT total / 10000 AS bucket, count(*) FROM purchase GROUP BY total / 10000

-- name: masked keys join through three tables
SELECT c.customer_id, count(DISTINCT d.brand) AS brands
FROM customer c JOIN purchase p ON p.customer_id = c.customer_id
JOIN line l ON l.purchase_id = p.purchase_id JOIN product d ON d.product_id = l.product_id
GROUP BY c.customer_id

-- name: repeated buyers of a year of birth
SELECT c.birth_date, count(DISTINCT c.customer_id) AS people, sum(p.total) AS spent
FROM customer c JOIN purchase p ON p.customer_id = c.customer_id
GROUP BY c.birth_date HAVING count(DISTINCT c.customer_id) >= 1
