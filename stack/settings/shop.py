"""Example shop: the default captured tables and their sample rows. A further table is one further entry in ``TABLES``."""

from __future__ import annotations

from stack.settings.tables import Column, Table

_ID = Column(name="id", type="integer", identity=True)
_CREATED = Column(name="created_at", type="timestamptz", default="now()")
_UPDATED = Column(name="updated_at", type="timestamptz", default="now()")


def _amount(name: str) -> Column:
    return Column(name=name, type="numeric(10,2)", constraint=f"CHECK ({name} >= 0)")


def _belongs_to(name: str, table: str) -> Column:
    return Column(name=name, type="integer", constraint=f"REFERENCES public.{table}(id) ON DELETE CASCADE")


# Parents before children.
TABLES: tuple[Table, ...] = (
    Table(
        name="users",
        columns=(
            _ID,
            Column(name="email", type="varchar(255)", constraint="UNIQUE"),
            Column(name="first_name", type="varchar(100)"),
            Column(name="last_name", type="varchar(100)"),
            _CREATED,
            _UPDATED,
        ),
    ),
    Table(
        name="products",
        columns=(
            _ID,
            Column(name="name", type="varchar(255)"),
            Column(name="description", type="text", nullable=True),
            _amount("price"),
            Column(name="stock_quantity", type="integer", default="0", constraint="CHECK (stock_quantity >= 0)"),
            Column(name="category", type="varchar(100)", nullable=True),
            _CREATED,
            _UPDATED,
        ),
    ),
    Table(
        name="orders",
        columns=(
            _ID,
            _belongs_to("user_id", "users"),
            Column(
                name="status",
                type="varchar(50)",
                default="'pending'",
                constraint="CHECK (status IN ('pending', 'processing', 'shipped', 'delivered', 'cancelled'))",
            ),
            _amount("total_amount"),
            Column(name="shipping_address", type="text", nullable=True),
            _CREATED,
            _UPDATED,
        ),
    ),
    Table(
        name="order_items",
        columns=(
            _ID,
            _belongs_to("order_id", "orders"),
            _belongs_to("product_id", "products"),
            Column(name="quantity", type="integer", constraint="CHECK (quantity > 0)"),
            _amount("unit_price"),
            _CREATED,
        ),
    ),
)

# For a new database, so that the first snapshot has rows to read.
SAMPLE_ROWS = """\
INSERT INTO public.users (email, first_name, last_name) VALUES
  ('ada@example.com', 'Ada', 'Lovelace'),
  ('grace@example.com', 'Grace', 'Hopper'),
  ('edgar@example.com', 'Edgar', 'Codd')
ON CONFLICT DO NOTHING;
INSERT INTO public.products (name, description, price, stock_quantity, category)
SELECT * FROM (VALUES
  ('Notebook', 'Squared paper, 96 pages', 4.50, 120, 'paper'),
  ('Fountain pen', NULL, 38.90, 25, 'writing'),
  ('Ink', 'Blue-black, 50 ml', 11.00, 60, NULL)
) AS sample(name, description, price, stock_quantity, category)
WHERE NOT EXISTS (SELECT 1 FROM public.products);
INSERT INTO public.orders (user_id, status, total_amount, shipping_address)
SELECT id, 'processing', 49.90, '12 St James''s Square, London' FROM public.users
WHERE email = 'ada@example.com' AND NOT EXISTS (SELECT 1 FROM public.orders);
INSERT INTO public.order_items (order_id, product_id, quantity, unit_price)
SELECT orders.id, products.id, 1, products.price
FROM public.orders, public.products
WHERE products.name IN ('Fountain pen', 'Ink') AND NOT EXISTS (SELECT 1 FROM public.order_items);
"""
