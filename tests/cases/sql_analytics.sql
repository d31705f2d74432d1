-- Twenty-two analytic questions of a trade business, after the shapes that TPC-H made known;
-- schema, figures and wording are our own. `-- name:` begins a query; `-- only:` names the
-- dialects of one way to write it. Sums are of whole cents, so that every engine is exact.

-- name: pricing summary
SELECT returned, status, sum(quantity) AS pieces, sum(price) AS base,
       sum(price * (100 - discount)) AS reduced, sum(price * (100 - discount) * (100 + tax)) AS charged,
       avg(quantity) AS mean_pieces, avg(price) AS mean_price, avg(discount) AS mean_discount, count(*) AS lines
FROM line
WHERE shipped <= '1996-09-01'
GROUP BY returned, status
ORDER BY returned, status

-- name: minimum cost supplier
SELECT s.balance, s.name, c.name AS country, p.product_id, p.brand, s.phone, s.remark
FROM product p, supplier s, offer o, country c, region r
WHERE p.product_id = o.product_id AND s.supplier_id = o.supplier_id AND p.type LIKE '%brass'
  AND s.country_id = c.country_id AND c.region_id = r.region_id AND r.name = 'south'
  AND o.cost = (
    SELECT min(o2.cost)
    FROM offer o2, supplier s2, country c2, region r2
    WHERE p.product_id = o2.product_id AND s2.supplier_id = o2.supplier_id
      AND s2.country_id = c2.country_id AND c2.region_id = r2.region_id AND r2.name = 'south')
ORDER BY s.balance DESC, country, s.name, p.product_id
LIMIT 100

-- name: shipping priority
SELECT l.purchase_id, sum(l.price * (100 - l.discount)) AS revenue, p.ordered, p.priority
FROM customer c, purchase p, line l
WHERE c.segment = 'building' AND c.customer_id = p.customer_id AND l.purchase_id = p.purchase_id
  AND p.ordered < '1995-06-15' AND l.shipped > '1995-03-15'
GROUP BY l.purchase_id, p.ordered, p.priority
ORDER BY revenue DESC, p.ordered
LIMIT 10

-- name: order priority
SELECT priority, count(*) AS purchases
FROM purchase
WHERE ordered >= '1994-07-01' AND ordered < '1996-01-01'
  AND EXISTS (SELECT * FROM line WHERE line.purchase_id = purchase.purchase_id AND promised < received)
GROUP BY priority
ORDER BY priority

-- name: local supplier volume
SELECT n.name, sum(l.price * (100 - l.discount)) AS revenue
FROM customer c, purchase p, line l, supplier s, country n, region r
WHERE c.customer_id = p.customer_id AND l.purchase_id = p.purchase_id AND l.supplier_id = s.supplier_id
  AND c.country_id = n.country_id AND n.region_id = r.region_id AND r.name IN ('north', 'south')
GROUP BY n.name
ORDER BY revenue DESC

-- name: revenue forecast
SELECT sum(price * discount) AS revenue
FROM line
WHERE shipped >= '1994-01-01' AND shipped < '1995-01-01' AND discount BETWEEN 4 AND 8 AND quantity < 24

-- name: volume between countries
-- only: postgresql, duckdb
SELECT seller, buyer, year, sum(volume) AS revenue
FROM (SELECT n1.name AS seller, n2.name AS buyer, extract(year FROM l.shipped) AS year,
             l.price * (100 - l.discount) AS volume
      FROM supplier s, line l, purchase p, customer c, country n1, country n2
      WHERE s.supplier_id = l.supplier_id AND p.purchase_id = l.purchase_id
        AND c.customer_id = p.customer_id AND s.country_id = n1.country_id
        AND c.country_id = n2.country_id AND n1.name <> n2.name
        AND l.shipped BETWEEN DATE '1994-01-01' AND DATE '1996-12-31') AS shipping
GROUP BY seller, buyer, year
ORDER BY seller, buyer, year

-- name: volume between countries
-- only: sqlite
SELECT seller, buyer, year, sum(volume) AS revenue
FROM (SELECT n1.name AS seller, n2.name AS buyer, strftime('%Y', l.shipped) AS year,
             l.price * (100 - l.discount) AS volume
      FROM supplier s, line l, purchase p, customer c, country n1, country n2
      WHERE s.supplier_id = l.supplier_id AND p.purchase_id = l.purchase_id
        AND c.customer_id = p.customer_id AND s.country_id = n1.country_id
        AND c.country_id = n2.country_id AND n1.name <> n2.name
        AND l.shipped BETWEEN '1994-01-01' AND '1996-12-31') AS shipping
GROUP BY seller, buyer, year
ORDER BY seller, buyer, year

-- name: market share of a country
-- only: postgresql, duckdb
SELECT year, sum(CASE WHEN country = 'Belmark' THEN volume ELSE 0 END) AS ours, sum(volume) AS everyone
FROM (SELECT extract(year FROM p.ordered) AS year, l.price * (100 - l.discount) AS volume, n2.name AS country
      FROM product d, supplier s, line l, purchase p, customer c, country n1, country n2, region r
      WHERE d.product_id = l.product_id AND s.supplier_id = l.supplier_id
        AND l.purchase_id = p.purchase_id AND p.customer_id = c.customer_id
        AND c.country_id = n1.country_id AND n1.region_id = r.region_id AND r.name = 'north'
        AND s.country_id = n2.country_id) AS all_countries
GROUP BY year
ORDER BY year

-- name: market share of a country
-- only: sqlite
SELECT year, sum(CASE WHEN country = 'Belmark' THEN volume ELSE 0 END) AS ours, sum(volume) AS everyone
FROM (SELECT substr(p.ordered, 1, 4) AS year, l.price * (100 - l.discount) AS volume, n2.name AS country
      FROM product d, supplier s, line l, purchase p, customer c, country n1, country n2, region r
      WHERE d.product_id = l.product_id AND s.supplier_id = l.supplier_id
        AND l.purchase_id = p.purchase_id AND p.customer_id = c.customer_id
        AND c.country_id = n1.country_id AND n1.region_id = r.region_id AND r.name = 'north'
        AND s.country_id = n2.country_id) AS all_countries
GROUP BY year
ORDER BY year

-- name: profit by product line
-- only: postgresql, duckdb
SELECT country, year, sum(amount) AS profit
FROM (SELECT n.name AS country, extract(year FROM p.ordered) AS year,
             l.price * (100 - l.discount) - o.cost * l.quantity AS amount
      FROM product d, supplier s, line l, offer o, purchase p, country n
      WHERE s.supplier_id = l.supplier_id AND o.supplier_id = l.supplier_id
        AND o.product_id = l.product_id AND d.product_id = l.product_id
        AND p.purchase_id = l.purchase_id AND s.country_id = n.country_id AND d.name LIKE '%green%') AS profit
GROUP BY country, year
ORDER BY country, year DESC

-- name: profit by product line
-- only: sqlite
SELECT country, year, sum(amount) AS profit
FROM (SELECT n.name AS country, strftime('%Y', p.ordered) AS year,
             l.price * (100 - l.discount) - o.cost * l.quantity AS amount
      FROM product d, supplier s, line l, offer o, purchase p, country n
      WHERE s.supplier_id = l.supplier_id AND o.supplier_id = l.supplier_id
        AND o.product_id = l.product_id AND d.product_id = l.product_id
        AND p.purchase_id = l.purchase_id AND s.country_id = n.country_id AND d.name LIKE '%green%') AS profit
GROUP BY country, year
ORDER BY country, year DESC

-- name: returned items
SELECT c.customer_id, c.name, sum(l.price * (100 - l.discount)) AS revenue, c.balance, n.name AS country, c.phone
FROM customer c, purchase p, line l, country n
WHERE c.customer_id = p.customer_id AND l.purchase_id = p.purchase_id AND l.returned = 'R'
  AND c.country_id = n.country_id AND p.ordered >= '1994-03-01'
GROUP BY c.customer_id, c.name, c.balance, c.phone, n.name
ORDER BY revenue DESC
LIMIT 20

-- name: important stock
SELECT o.product_id, sum(o.cost * o.available) AS value
FROM offer o, supplier s, country n
WHERE o.supplier_id = s.supplier_id AND s.country_id = n.country_id AND n.name = 'Corvania'
GROUP BY o.product_id
HAVING sum(o.cost * o.available) * 50 > (
  SELECT sum(o2.cost * o2.available)
  FROM offer o2, supplier s2, country n2
  WHERE o2.supplier_id = s2.supplier_id AND s2.country_id = n2.country_id AND n2.name = 'Corvania')
ORDER BY value DESC, o.product_id

-- name: shipping modes
SELECT l.mode,
       sum(CASE WHEN p.priority = '1-urgent' OR p.priority = '2-high' THEN 1 ELSE 0 END) AS high,
       sum(CASE WHEN p.priority <> '1-urgent' AND p.priority <> '2-high' THEN 1 ELSE 0 END) AS low
FROM purchase p, line l
WHERE p.purchase_id = l.purchase_id AND l.mode IN ('mail', 'ship') AND l.promised < l.received
GROUP BY l.mode
ORDER BY l.mode

-- name: distribution of customers
SELECT bought, count(*) AS customers
FROM (SELECT c.customer_id AS customer_id, count(p.purchase_id) AS bought
      FROM customer c LEFT OUTER JOIN purchase p
        ON c.customer_id = p.customer_id AND p.remark NOT LIKE '%special%requests%'
      GROUP BY c.customer_id) AS customers
GROUP BY bought
ORDER BY customers DESC, bought DESC

-- name: effect of a promotion
SELECT sum(CASE WHEN d.type LIKE 'promo%' THEN l.price * (100 - l.discount) ELSE 0 END) AS promoted,
       sum(l.price * (100 - l.discount)) AS revenue
FROM line l, product d
WHERE l.product_id = d.product_id AND l.shipped >= '1995-01-01' AND l.shipped < '1995-07-01'

-- name: best supplier
WITH revenue AS (
  SELECT supplier_id AS supplier, sum(price * (100 - discount)) AS total
  FROM line
  WHERE shipped >= '1995-01-01' AND shipped < '1995-10-01'
  GROUP BY supplier_id)
SELECT s.supplier_id, s.name, s.phone, r.total
FROM supplier s, revenue r
WHERE s.supplier_id = r.supplier AND r.total = (SELECT max(total) FROM revenue)
ORDER BY s.supplier_id

-- name: suppliers of a product
SELECT d.brand, d.type, d.size, count(DISTINCT o.supplier_id) AS suppliers
FROM offer o, product d
WHERE d.product_id = o.product_id AND d.brand <> 'Brand#12' AND d.type NOT LIKE 'promo%'
  AND d.size IN (1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21)
  AND o.supplier_id NOT IN (SELECT supplier_id FROM supplier WHERE balance < 0)
GROUP BY d.brand, d.type, d.size
ORDER BY suppliers DESC, d.brand, d.type, d.size

-- name: revenue of small purchases
SELECT sum(l.price) AS revenue, count(*) AS lines
FROM line l, product d
WHERE d.product_id = l.product_id AND d.brand = 'Brand#23'
  AND l.quantity < (SELECT avg(l2.quantity) FROM line l2 WHERE l2.product_id = d.product_id)

-- name: large purchases
SELECT c.name, c.customer_id, p.purchase_id, p.ordered, p.total, sum(l.quantity) AS pieces
FROM customer c, purchase p, line l
WHERE p.purchase_id IN (SELECT purchase_id FROM line GROUP BY purchase_id HAVING sum(quantity) > 100)
  AND c.customer_id = p.customer_id AND p.purchase_id = l.purchase_id
GROUP BY c.name, c.customer_id, p.purchase_id, p.ordered, p.total
ORDER BY p.total DESC, p.ordered
LIMIT 100

-- name: revenue by conditions
SELECT sum(l.price * (100 - l.discount)) AS revenue
FROM line l, product d
WHERE (d.product_id = l.product_id AND d.brand = 'Brand#12' AND d.box IN ('SM CASE', 'SM BOX')
       AND l.quantity BETWEEN 1 AND 21 AND d.size BETWEEN 1 AND 15 AND l.mode IN ('air', 'rail'))
   OR (d.product_id = l.product_id AND d.brand = 'Brand#23' AND d.box IN ('MED BAG', 'LG BOX')
       AND l.quantity BETWEEN 10 AND 30 AND d.size BETWEEN 1 AND 25 AND l.instruction = 'deliver in person')

-- name: suppliers with much in stock
SELECT s.name, s.phone
FROM supplier s, country n
WHERE s.supplier_id IN (
    SELECT o.supplier_id
    FROM offer o
    WHERE o.product_id IN (SELECT product_id FROM product WHERE name LIKE 'forest%')
      AND o.available * 2 > (SELECT sum(l.quantity) FROM line l
                             WHERE l.product_id = o.product_id AND l.supplier_id = o.supplier_id))
  AND s.country_id = n.country_id AND n.region_id IN (1, 2)
ORDER BY s.name

-- name: suppliers who kept purchases waiting
SELECT s.name, count(*) AS waiting
FROM supplier s, line l1, purchase p, country n
WHERE s.supplier_id = l1.supplier_id AND p.purchase_id = l1.purchase_id AND p.status = 'F'
  AND l1.received > l1.promised AND s.country_id = n.country_id
  AND EXISTS (SELECT * FROM line l2
              WHERE l2.purchase_id = l1.purchase_id AND l2.supplier_id <> l1.supplier_id)
  AND NOT EXISTS (SELECT * FROM line l3
                  WHERE l3.purchase_id = l1.purchase_id AND l3.supplier_id <> l1.supplier_id
                    AND l3.received > l3.promised)
GROUP BY s.name
ORDER BY waiting DESC, s.name
LIMIT 100

-- name: customers who stopped buying
SELECT code, segment, count(*) AS customers
FROM (SELECT substr(phone, 1, 2) AS code, segment, customer_id
      FROM customer c
      WHERE substr(phone, 1, 2) NOT IN ('10', '11') AND c.balance > '['
        AND NOT EXISTS (SELECT * FROM purchase p WHERE p.customer_id = c.customer_id)) AS asleep
GROUP BY code, segment
ORDER BY code, segment
