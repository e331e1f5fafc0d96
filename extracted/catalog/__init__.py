"""The catalog service: categories and products as documents, each checked against the schema of its product type.

A Django project of its own: settings, database, migrations, URLs and WSGI application. It takes the shop's tables
`catalog_category` and `catalog_product` over by `strangler move catalog`. Prices and stock stay in the shop.
"""
