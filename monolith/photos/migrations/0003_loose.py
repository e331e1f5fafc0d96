import strangler.isolation.loose
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('photos', '0002_loose_keys'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='photo',
            name='owner',
            field=models.ForeignKey(db_constraint=False, on_delete=strangler.isolation.loose.CASCADE, related_name='photos', to=settings.AUTH_USER_MODEL),
        ),
    ]
